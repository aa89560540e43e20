-- one row a client project and person who booked on it in the last 13 weeks; key: project_id, person_id; hours
-- reads core.time_entry, core.project; as_of is bound
select entry.project_id, entry.person_id, cast(sum(entry.hours) as decimal(18, 4)) as hours
from core.time_entry as entry
inner join core.project as project on project.project_id = entry.project_id
where entry.worked_on between $as_of - 91 and $as_of - 1 and project.billing not in ('internal', 'bench')
group by entry.project_id, entry.person_id
order by entry.project_id, entry.person_id
