-- one row: running projects with at least nine chances in ten of exceeding their budget; null before a forecast
select
    case when count(*) > 0 then cast(count(*) filter (where is_named) as double) end as value,
    null::double as previous
from intelligence.project_forecast
where as_of = $as_of
