-- one row a person and project with hours that nobody is billed for in the last four whole weeks
-- key: person_id, project_id; hours; a day of more than 24 booked hours is in doubt and left out
-- reads core.time_entry, core.project; as_of is bound
with
entry as (
    select *, sum(hours) over (partition by person_id, worked_on) as day_hours
    from core.time_entry
    where worked_on >= date_trunc('week', $as_of) - interval 28 day and worked_on < date_trunc('week', $as_of)
)
select
    entry.person_id,
    entry.project_id,
    coalesce(project.name, 'no project') as project_name,
    coalesce(project.billing, 'none') as billing,
    sum(entry.hours) as hours
from entry
left join core.project as project on project.project_id = entry.project_id
where not entry.is_billable and entry.day_hours <= 24
group by all
order by entry.person_id, hours desc, entry.project_id nulls last
