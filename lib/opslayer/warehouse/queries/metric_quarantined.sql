-- one row: rows in quarantine
select count(distinct table_name || source || source_key) as value, null::double as previous
from quality.quarantine
