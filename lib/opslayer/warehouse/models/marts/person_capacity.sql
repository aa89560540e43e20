-- one row a person and week from the one of as_of to 13 weeks on; key: person_id, week_start (a Monday); hours
-- free is what neither leave, holidays nor assignments take; below zero where more is planned than can be worked
-- reads marts.person_day, core.assignment, core.person; as_of is bound
with
available as (
    select person_id, cast(date_trunc('week', day) as date) as week_start, sum(available_hours) as hours
    from marts.person_day
    where day >= date_trunc('week', $as_of) and day < date_trunc('week', $as_of) + interval 91 day
    group by all
),
assigned as (
    select person_id, week_start, sum(hours) as hours from core.assignment group by all
)
select
    $as_of as as_of,
    available.week_start,
    available.person_id,
    person.name,
    person.role,
    person.practice,
    cast(available.hours as decimal(18, 4)) as available_hours,
    cast(coalesce(assigned.hours, 0) as decimal(18, 4)) as assigned_hours,
    cast(available.hours - coalesce(assigned.hours, 0) as decimal(18, 4)) as free_hours
from available
inner join core.person as person on person.person_id = available.person_id
left join assigned on assigned.person_id = available.person_id and assigned.week_start = available.week_start
