-- one row a contract rule of the staged file, by table and rule
-- reads quality.results
select table_name, rule, severity, passed, rows_checked, rows_failed, sample
from quality.results
order by table_name, rule
