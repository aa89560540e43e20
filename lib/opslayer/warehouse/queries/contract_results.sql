-- one row a contract of the snapshot: how many of its rules are broken; key: contract
-- reads quality.results
select
    contract,
    count(*) as rules,
    count(*) filter (where not passed) as broken,
    count(*) filter (where not passed and severity = 'block') as blocking,
    max(rows_failed) as most_rows_failed
from quality.results
group by contract
order by contract
