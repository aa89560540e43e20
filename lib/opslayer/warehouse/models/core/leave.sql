-- one row a leave; key: leave_id; from starts_on to ends_on, both included; hours_a_day is null for whole days
-- reads staging.leave
select
    leave_id, source, source_key, person_id, starts_on, ends_on, hours_a_day, kind, status
from staging.leave
