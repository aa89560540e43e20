-- one row a contract rule that does not hold in the snapshot; key: contract, table_name, rule
-- reads quality.results
select contract, contract_version, table_name, rule, dimension, severity, rows_checked, rows_failed, sample
from quality.results
where as_of = $as_of and not passed
order by case severity when 'block' then 1 when 'quarantine' then 2 else 3 end, table_name, rule
