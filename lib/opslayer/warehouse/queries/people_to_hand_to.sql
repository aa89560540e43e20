-- one row a person employed on the day, and what they have room for; key: person_id; hours of the next four weeks
-- leads: deals owned and projects led that were alive within the last year; works_today: not away, no holiday
-- works_from, works_until: HH:MM on a clock in time_zone; null where no source says them
-- reads core.person, core.working_hours, core.opportunity, core.project, marts.person_capacity, marts.person_day; as_of is bound
with
led as (
    select person_id, count(*) as leads
    from (
        select owner_id as person_id from core.opportunity where coalesce(closed_on, $as_of) >= $as_of - 365
        union all
        select manager_id from core.project where coalesce(ended_on, $as_of) >= $as_of - 365
    )
    group by person_id
),
room as (
    select person_id, sum(available_hours) as available_hours, sum(greatest(free_hours, 0)) as free_hours
    from marts.person_capacity
    where week_start < date_trunc('week', $as_of) + interval 28 day
    group by person_id
),
today as (
    select person_id, sum(available_hours) > 0 as works_today from marts.person_day where day = $as_of group by person_id
)
select
    person.person_id,
    person.name,
    person.practice,
    person.role,
    coalesce(led.leads, 0) as leads,
    coalesce(room.available_hours, 0) as available_hours,
    coalesce(room.free_hours, 0) as free_hours,
    coalesce(today.works_today, false) as works_today,
    hours.time_zone,
    hours.works_from,
    hours.works_until
from core.person as person
left join led on led.person_id = person.person_id
left join room on room.person_id = person.person_id
left join core.working_hours as hours on hours.person_id = person.person_id
left join today on today.person_id = person.person_id
where coalesce(person.hired_on, $as_of) <= $as_of and coalesce(person.left_on, $as_of) >= $as_of
order by person.person_id
