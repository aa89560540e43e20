-- one row: running projects without a budget, work for the firm itself left out; null where there are no projects
select
    case when count(*) > 0 then cast(count(*) filter (where budget_hours is null) as double) end as value,
    null::double as previous
from marts.project_state
where ended_on is null and billing <> 'internal'
