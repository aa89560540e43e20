-- one row a client project under way and role, with the hours its mix of roles is read from; key: project_id, role
-- basis: what was booked in the last 13 weeks; else what was sold; else what the practice booked
-- reads core.project, core.time_entry, core.person, core.opportunity_role; as_of is bound
with
running as (
    select project_id, practice, opportunity_id
    from core.project
    where (ended_on is null or ended_on > $as_of) and billing not in ('internal', 'bench')
),
recent as (
    select entry.project_id, project.practice, person.role, sum(entry.hours) as hours
    from core.time_entry as entry
    inner join core.project as project on project.project_id = entry.project_id
    inner join core.person as person on person.person_id = entry.person_id
    where entry.worked_on between $as_of - 91 and $as_of - 1
        and project.billing not in ('internal', 'bench') and person.role is not null
    group by all
),
bases as (
    select running.project_id, recent.role, recent.hours, 1 as preference, 'booked' as basis
    from running
    inner join recent on recent.project_id = running.project_id
    union all
    select running.project_id, sold.role, sum(sold.hours), 2, 'sold'
    from running
    inner join core.opportunity_role as sold on sold.opportunity_id = running.opportunity_id
    where sold.role is not null
    group by running.project_id, sold.role
    union all
    select running.project_id, recent.role, sum(recent.hours), 3, 'practice'
    from running
    inner join recent on recent.practice is not distinct from running.practice
    group by running.project_id, recent.role
)
select project_id, role, cast(hours as decimal(18, 4)) as hours, basis
from bases
where hours > 0
qualify preference = min(preference) over (partition by project_id)
order by project_id, role
