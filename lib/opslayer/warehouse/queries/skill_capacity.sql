-- one row a skill and week, 13 weeks ahead; key: skill, week_start
-- reads marts.skill_capacity
select * from marts.skill_capacity order by skill, week_start
