-- one row a source: the day its newest rows landed; key: entity
-- reads quality.sources
select source as entity, source as name, cast(max(landed_at) as date) as last_on
from quality.sources
group by source
order by entity
