-- one row a person and weekday that they are employed, up to 13 weeks after as_of; key: person_id, day
-- available_hours are a fifth of the weekly hours, less holidays (nobody works) and approved leave
-- reads core.person, core.leave, core.holiday, core.time_entry; as_of is bound
with
worked as (
    select person_id, min(worked_on) as first_on from core.time_entry group by person_id
),
employed as (
    -- nobody's availability is asked for before the first time entry of all
    select
        person.person_id,
        person.weekly_hours / 5 as day_hours,
        greatest(coalesce(person.hired_on, worked.first_on), (select min(first_on) from worked)) as first_on,
        least(coalesce(person.left_on, $as_of + 91), $as_of + 91) as last_on
    from core.person as person
    left join worked on worked.person_id = person.person_id
    where person.weekly_hours > 0
),
days as (
    select person_id, day_hours, cast(unnest(generate_series(first_on, last_on, interval 1 day)) as date) as day
    from employed
    where first_on <= last_on
),
away as (
    -- a leave without hours is for whole days; two on one day are one
    select person_id, cast(unnest(generate_series(starts_on, ends_on, interval 1 day)) as date) as day,
        coalesce(hours_a_day, 24) as hours
    from core.leave
    where status = 'approved'
),
leave_day as (
    select person_id, day, max(hours) as hours from away group by person_id, day
)
select
    days.person_id,
    days.day,
    holiday.day is not null as is_holiday,
    cast(case when holiday.day is null then least(coalesce(leave_day.hours, 0), days.day_hours) else 0 end
        as decimal(18, 4)) as leave_hours,
    cast(case when holiday.day is null then greatest(days.day_hours - coalesce(leave_day.hours, 0), 0) else 0 end
        as decimal(18, 4)) as available_hours
from days
left join leave_day on leave_day.person_id = days.person_id and leave_day.day = days.day
left join (select distinct day from core.holiday) as holiday on holiday.day = days.day
where isodow(days.day) <= 5
