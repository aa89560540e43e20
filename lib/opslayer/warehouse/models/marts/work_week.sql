-- one row a client's project and week in which billable hours were booked; key: project_id, week_start (a Monday)
-- hours, and value_base at the rate of the entry or else of the person, in the base currency
-- reads core.time_entry, core.project, core.person; as_of is bound
select
    entry.project_id,
    cast(date_trunc('week', entry.worked_on) as date) as week_start,
    cast(sum(entry.hours) as decimal(18, 4)) as hours,
    cast(sum(entry.hours * coalesce(entry.bill_rate_base, person.bill_rate_base, 0)) as decimal(18, 2)) as value_base
from core.time_entry as entry
inner join core.project as project on project.project_id = entry.project_id
left join core.person as person on person.person_id = entry.person_id
where entry.worked_on <= $as_of and coalesce(entry.is_billable, true) and project.billing not in ('internal', 'bench')
group by entry.project_id, date_trunc('week', entry.worked_on)
