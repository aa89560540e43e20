-- one row a person who works here at as_of, or did in the four whole weeks before; key: person_id
-- price_base is the list price of an hour, or else what the person's billable hours of the last year were charged at
-- reads core.person, core.skill, core.time_entry, marts.person_week; as_of is bound
with
charged as (
    select person_id, sum(value_base) / nullif(sum(billable_hours), 0) as price_base
    from marts.person_week
    where week_start >= date_trunc('week', $as_of) - interval 364 day
    group by person_id
),
first_time as (
    select person_id, min(worked_on) as first_time_on from core.time_entry where worked_on <= $as_of group by person_id
),
skills as (
    select person_id, string_agg(skill, ', ' order by level desc, skill) as skills
    from core.skill
    where level >= 3
    group by person_id
)
select
    person.person_id,
    person.name,
    person.practice,
    person.role,
    manager.name as manager_name,
    coalesce(person.hired_on, first_time.first_time_on) as hired_on,
    person.left_on,
    person.weekly_hours,
    person.utilisation_target,
    cast(coalesce(person.bill_rate_base, charged.price_base) as decimal(18, 2)) as price_base,
    skills.skills
from core.person as person
left join core.person as manager on manager.person_id = person.manager_id
left join charged on charged.person_id = person.person_id
left join first_time on first_time.person_id = person.person_id
left join skills on skills.person_id = person.person_id
where (person.left_on is null or person.left_on >= date_trunc('week', $as_of) - interval 28 day)
    and (person.hired_on is null or person.hired_on <= $as_of)
order by person.person_id
