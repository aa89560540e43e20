-- one row a skill; key: skill_id; level 1 to 5
-- reads staging.skill, core.person_alias
select
    skill.skill_id, skill.source, skill.source_key,
    coalesce(person.person_id, skill.person_id) as person_id,
    skill.skill, skill.level
from staging.skill as skill
left join core.person_alias as person on person.alias_id = skill.person_id
