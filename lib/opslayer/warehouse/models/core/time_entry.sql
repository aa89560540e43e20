-- one row a time entry: hours of one person on one day; key: time_entry_id
-- reads staging.time_entry
select
    time_entry_id, source, source_key, person_id, project_id, task_id, worked_on, hours, is_billable,
    bill_rate_base, note, entered_at
from staging.time_entry
