-- one row: hours that projects and deals ask for, by another way than the page's
select sum(project_hours) + sum(pipeline_hours) as value
from intelligence.capacity_balance
where as_of = $as_of
