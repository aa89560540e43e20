-- one row a time entry: hours of one person on one day; key: time_entry_id
-- reads mapped.time_entry
select
    source || ':' || source_key as time_entry_id,
    source,
    source_key,
    coalesce(person_source, source) || ':' || person_key as person_id,
    coalesce(project_source, source) || ':' || project_key as project_id,
    coalesce(task_source, source) || ':' || task_key as task_id,
    as_date(worked_on) as worked_on,
    as_quantity(hours) as hours,
    coalesce(as_boolean(is_billable), true) as is_billable,
    as_money(bill_rate) as bill_rate_base,
    note,
    as_timestamp(entered_at) as entered_at,
    concat_ws(
        ',',
        uncast('worked_on', worked_on, as_date(worked_on)),
        uncast('hours', hours, as_quantity(hours)),
        uncast('is_billable', is_billable, as_boolean(is_billable)),
        uncast('bill_rate', bill_rate, as_money(bill_rate)),
        uncast('entered_at', entered_at, as_timestamp(entered_at))
    ) as _cast_errors,
    _conflict
from mapped.time_entry
