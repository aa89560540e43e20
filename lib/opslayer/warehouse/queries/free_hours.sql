-- one row a person and their next four weeks; key: person_id; hours; free is what is not planned, week by week
-- reads marts.person_capacity; as_of is bound
select
    person_id,
    sum(available_hours) as available_hours,
    sum(assigned_hours) as assigned_hours,
    sum(greatest(free_hours, 0)) as free_hours
from marts.person_capacity
where week_start < date_trunc('week', $as_of) + interval 28 day
group by person_id
order by person_id
