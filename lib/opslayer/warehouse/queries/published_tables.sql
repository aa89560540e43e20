-- one row a table of the snapshot that is there to be read, with about how many rows it has; key: table
-- reads the database's own catalogue
select schema_name || '.' || table_name as "table", estimated_size as rows
from duckdb_tables()
where database_name = current_database() and schema_name in ('staging', 'core', 'marts', 'intelligence', 'quality')
order by schema_name, table_name
