-- one row a project and role that worked on it by as_of; key: project_id, role; hours, and money in the base currency
-- value_base is at the prices of the list; people without a role are left out
-- reads core.time_entry, core.person; as_of is bound
select
    entry.project_id,
    person.role,
    count(distinct entry.person_id) as people,
    cast(sum(entry.hours) as decimal(18, 4)) as hours,
    cast(sum(entry.hours * person.bill_rate_base) as decimal(18, 2)) as value_base
from core.time_entry as entry
inner join core.person as person on person.person_id = entry.person_id
where entry.project_id is not null and person.role is not null and entry.worked_on <= $as_of
group by entry.project_id, person.role
