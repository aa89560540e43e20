-- one row a leave; key: leave_id; from starts_on to ends_on, both included; hours_a_day is null for whole days
-- reads staging.leave, core.person_alias
select
    leave.leave_id, leave.source, leave.source_key,
    coalesce(person.person_id, leave.person_id) as person_id,
    leave.starts_on, leave.ends_on, leave.hours_a_day, leave.kind, leave.status
from staging.leave as leave
left join core.person_alias as person on person.alias_id = leave.person_id
