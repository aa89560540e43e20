-- contracts with their rules green, red by severity, and rows that broke them, those with most red first; key: contract
select
    contract, max(contract_version) as version, count(*) filter (where passed) as green,
    count(*) filter (where not passed and severity = 'block') as blocking,
    count(*) filter (where not passed and severity = 'quarantine') as quarantining,
    count(*) filter (where not passed and severity = 'warn') as warning,
    cast(sum(rows_failed) as bigint) as rows_failed
from quality.results
group by contract
order by blocking desc, quarantining desc, warning desc, contract
