-- one row: hours booked on projects that are named, by another way than the page's
select sum(entry.hours) as value
from core.time_entry as entry
inner join intelligence.project_forecast as project on project.project_id = entry.project_id
where project.as_of = $as_of and project.is_named and entry.worked_on <= $as_of
