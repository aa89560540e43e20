-- one row a person and whole week before as_of in which they were employed; key: person_id, week_start (a Monday)
-- hours; a day of more than 24 booked hours is in doubt: neither its hours nor its availability count
-- value_base is billable hours at their price, in the base currency; target_hours is what the person's target asks of
-- the available hours; null where there is no target
-- reads marts.person_day, core.time_entry, core.project, core.person; as_of is bound
with
worked as (
    select
        entry.person_id,
        entry.worked_on as day,
        sum(entry.hours) as hours,
        sum(entry.hours) filter (where entry.is_billable) as billable_hours,
        sum(entry.hours) filter (where project.billing = 'bench') as bench_hours,
        sum(entry.hours * coalesce(entry.bill_rate_base, person.bill_rate_base)) filter (where entry.is_billable)
            as value_base
    from core.time_entry as entry
    inner join core.person as person on person.person_id = entry.person_id
    left join core.project as project on project.project_id = entry.project_id
    where entry.worked_on < date_trunc('week', $as_of)
    group by entry.person_id, entry.worked_on
),
booked as (
    select
        person_id,
        cast(date_trunc('week', day) as date) as week_start,
        sum(hours) as hours,
        sum(billable_hours) as billable_hours,
        sum(bench_hours) as bench_hours,
        sum(value_base) as value_base
    from worked
    where hours <= 24
    group by all
),
available as (
    select
        day.person_id,
        cast(date_trunc('week', day.day) as date) as week_start,
        sum(day.available_hours) as available_hours,
        sum(day.leave_hours) as leave_hours
    from marts.person_day as day
    left join worked on worked.person_id = day.person_id and worked.day = day.day
    where day.day < date_trunc('week', $as_of) and coalesce(worked.hours, 0) <= 24
    group by all
)
select
    available.person_id,
    available.week_start,
    cast(available.available_hours as decimal(18, 4)) as available_hours,
    cast(available.leave_hours as decimal(18, 4)) as leave_hours,
    cast(coalesce(booked.hours, 0) as decimal(18, 4)) as hours,
    cast(coalesce(booked.billable_hours, 0) as decimal(18, 4)) as billable_hours,
    cast(coalesce(booked.bench_hours, 0) as decimal(18, 4)) as bench_hours,
    cast(coalesce(booked.value_base, 0) as decimal(18, 2)) as value_base,
    cast(available.available_hours * person.utilisation_target as decimal(18, 4)) as target_hours
from available
inner join core.person as person on person.person_id = available.person_id
left join booked on booked.person_id = available.person_id and booked.week_start = available.week_start
