-- one row a leave; key: leave_id; from starts_on to ends_on, both included; hours_a_day is null for whole days
-- reads mapped.leave
select
    source || ':' || source_key as leave_id,
    source,
    source_key,
    coalesce(person_source, source) || ':' || person_key as person_id,
    as_date(starts_on) as starts_on,
    as_date(ends_on) as ends_on,
    as_quantity(hours_a_day) as hours_a_day,
    lower(kind) as kind,
    lower(status) as status,
    concat_ws(
        ',',
        uncast('starts_on', starts_on, as_date(starts_on)),
        uncast('ends_on', ends_on, as_date(ends_on)),
        uncast('hours_a_day', hours_a_day, as_quantity(hours_a_day))
    ) as _cast_errors,
    _conflict
from mapped.leave
