-- one row a person and week from the first Monday on or after as_of; key: person_id, week_start
-- hours; free_hours is below zero where more is planned than can be worked; rates in the base currency for an hour
-- reads marts.person_capacity, core.person; as_of is bound
select
    capacity.person_id,
    capacity.name,
    capacity.practice,
    capacity.role,
    capacity.week_start,
    capacity.available_hours,
    capacity.assigned_hours,
    capacity.free_hours,
    person.utilisation_target,
    person.cost_rate_base,
    person.bill_rate_base
from marts.person_capacity as capacity
inner join core.person as person on person.person_id = capacity.person_id
where capacity.week_start >= $as_of
order by capacity.person_id, capacity.week_start
