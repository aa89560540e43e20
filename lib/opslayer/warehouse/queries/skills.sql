-- one row a person and skill; key: person_id, skill; level 1 to 5
-- reads core.skill
select person_id, skill, max(level) as level
from core.skill
where skill is not null
group by person_id, skill
order by person_id, skill
