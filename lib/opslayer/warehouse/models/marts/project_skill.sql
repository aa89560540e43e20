-- one row a project and skill of those who worked on it by as_of; key: project_id, skill; hours
-- an hour counts under each skill that its person holds at level 3 or more, so hours are not to be summed over skills
-- reads core.time_entry, core.skill; as_of is bound
with
worked as (
    select project_id, person_id, sum(hours) as hours
    from core.time_entry
    where project_id is not null and worked_on <= $as_of
    group by project_id, person_id
),
able as (
    select distinct person_id, skill from core.skill where level >= 3
)
select worked.project_id, able.skill, cast(sum(worked.hours) as decimal(18, 4)) as hours
from worked
inner join able on able.person_id = worked.person_id
group by worked.project_id, able.skill
