-- one row a skill and week, 13 weeks from the one of as_of; key: skill, week_start (a Monday); hours
-- a person counts under each skill held at level 3 or more: what one skill takes, the others have no more, so hours
-- are not to be summed over skills; who is planned beyond their hours has none free, and takes none from the others
-- reads marts.person_capacity, core.skill
with
able as (
    select distinct skill, person_id from core.skill where level >= 3
)
select
    capacity.as_of,
    able.skill,
    capacity.week_start,
    count(*) as people,
    count(*) filter (where capacity.free_hours > 0) as people_free,
    cast(sum(capacity.available_hours) as decimal(18, 4)) as available_hours,
    cast(sum(greatest(capacity.free_hours, 0)) as decimal(18, 4)) as free_hours
from marts.person_capacity as capacity
inner join able on able.person_id = capacity.person_id
group by capacity.as_of, able.skill, capacity.week_start
