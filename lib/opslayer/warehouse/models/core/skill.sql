-- one row a skill; key: skill_id; level 1 to 5
-- reads staging.skill
select
    skill_id, source, source_key, person_id, skill, level
from staging.skill
