-- one row a holiday; key: holiday_id; a day nobody works
-- reads mapped.holiday
select
    source || ':' || source_key as holiday_id,
    source,
    source_key,
    as_date(day) as day,
    name,
    concat_ws(
        ',',
        uncast('day', day, as_date(day))
    ) as _cast_errors,
    _conflict
from mapped.holiday
