-- one row: contract rules that are red and warn or block; quarantine counts on its own
select count(*) as value, null::double as previous
from quality.results
where not passed and severity <> 'quarantine'
