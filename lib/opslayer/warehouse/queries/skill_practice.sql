-- one row a practice and skill held in it at level 3 or more (skill is null: none is); key: practice, skill
-- people are those employed as of the day
-- reads core.person, core.skill; as_of is bound
select person.practice, skill.skill, count(distinct skill.person_id) as people
from core.person as person
left join core.skill as skill on skill.person_id = person.person_id and skill.level >= 3
where person.practice is not null and coalesce(person.left_on, $as_of) >= $as_of
group by person.practice, skill.skill
order by person.practice, skill.skill
