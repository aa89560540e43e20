-- one row a schema that only the build needs: views over what landed
select schema_name
from duckdb_schemas()
where database_name = current_database() and (schema_name like 'raw\_%' escape '\' or schema_name in ('mapped', 'mapped_all'))
order by schema_name
