-- every landed table with the days since its newest landing; key: source, table_name
select source, table_name, rows, landed_at, load_id
from quality.sources
order by source, table_name
