-- what the contracts say against acting on this snapshot; key: table_name, rule
-- a blocking rule that is red, or a table that is older than its contract allows
-- reads quality.results
select table_name, rule, severity, dimension
from quality.results
where not passed and (severity = 'block' or dimension = 'timeliness')
order by table_name, rule
