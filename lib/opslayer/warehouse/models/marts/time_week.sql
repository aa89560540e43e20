-- one row a project; key: project_id; those with hours or a plan in the last whole week before as_of
-- value_base is what the billable hours are charged at; list_value_base what those people's list prices would be
-- reads core.time_entry, core.assignment, core.person, marts.project_state; as_of is bound
with
week as (select cast(date_trunc('week', $as_of) - interval 7 day as date) as first_on),
worked as (
    select
        entry.project_id,
        sum(entry.hours) as hours,
        sum(entry.hours) filter (where entry.is_billable) as billable_hours,
        sum(entry.hours * coalesce(entry.bill_rate_base, person.bill_rate_base)) filter (where entry.is_billable)
            as value_base,
        sum(entry.hours * person.bill_rate_base) filter (where entry.is_billable) as list_value_base,
        count(distinct entry.person_id) as people
    from core.time_entry as entry
    cross join week
    left join core.person as person on person.person_id = entry.person_id
    where entry.worked_on between week.first_on and week.first_on + 6
    group by entry.project_id
),
planned as (
    select assignment.project_id, sum(assignment.hours) as hours
    from core.assignment as assignment
    cross join week
    where assignment.week_start = week.first_on
    group by assignment.project_id
)
select
    $as_of as as_of,
    week.first_on as week_start,
    state.project_id,
    state.name,
    state.party_name,
    state.practice,
    state.billing,
    cast(coalesce(worked.people, 0) as bigint) as people,
    cast(coalesce(worked.hours, 0) as decimal(18, 4)) as hours,
    cast(planned.hours as decimal(18, 4)) as planned_hours,
    cast(coalesce(worked.billable_hours, 0) as decimal(18, 4)) as billable_hours,
    cast(coalesce(worked.value_base, 0) as decimal(18, 2)) as value_base,
    cast(coalesce(worked.list_value_base, 0) as decimal(18, 2)) as list_value_base,
    state.budget_hours,
    state.hours_to_date
from marts.project_state as state
cross join week
left join worked on worked.project_id = state.project_id
left join planned on planned.project_id = state.project_id
where worked.project_id is not null or planned.project_id is not null
