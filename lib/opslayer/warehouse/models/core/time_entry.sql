-- one row a time entry: hours of one person on one day; key: time_entry_id
-- reads staging.time_entry, core.person_alias
select
    time_entry.time_entry_id, time_entry.source, time_entry.source_key,
    coalesce(person.person_id, time_entry.person_id) as person_id,
    time_entry.project_id, time_entry.task_id, time_entry.worked_on, time_entry.hours, time_entry.is_billable,
    time_entry.bill_rate_base, time_entry.note, time_entry.entered_at
from staging.time_entry as time_entry
left join core.person_alias as person on person.alias_id = time_entry.person_id
