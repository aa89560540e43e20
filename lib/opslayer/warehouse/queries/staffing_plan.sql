-- one row a person, project and week from the first Monday on or after as_of that hours are planned in
-- key: project_id, person_id, week_start; role is the one planned, else the person's own; hours
-- reads core.assignment, core.person; as_of is bound
select
    plan.project_id,
    plan.person_id,
    coalesce(min(plan.role), min(person.role)) as role,
    plan.week_start,
    cast(sum(plan.hours) as decimal(18, 4)) as hours
from core.assignment as plan
left join core.person as person on person.person_id = plan.person_id
where plan.week_start >= $as_of and plan.hours > 0
group by plan.project_id, plan.person_id, plan.week_start
order by plan.project_id, plan.person_id, plan.week_start
