-- what the contracts say of some tables of the snapshot, broken ones first; key: table_name, rule
-- $tables are their names; reads quality.results
select table_name, rule, dimension, severity, passed, rows_checked, rows_failed
from quality.results
where as_of = $as_of and table_name in (select unnest($tables))
order by passed, table_name, rule
