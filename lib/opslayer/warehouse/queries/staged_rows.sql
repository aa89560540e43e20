-- one row a core table; rows it holds (exact after a checkpoint)
select table_name, estimated_size as rows
from duckdb_tables()
where database_name = current_database() and schema_name = 'core'
order by table_name
