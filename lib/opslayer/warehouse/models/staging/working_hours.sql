-- one row a person's working hours; key: working_hours_id; works_from and works_until are HH:MM on a clock in time_zone
-- reads mapped.working_hours
select
    source || ':' || source_key as working_hours_id,
    source,
    source_key,
    coalesce(person_source, source) || ':' || person_key as person_id,
    nullif(trim(time_zone), '') as time_zone,
    strftime(try_cast(works_from as time) + date '2000-01-01', '%H:%M') as works_from,
    strftime(try_cast(works_until as time) + date '2000-01-01', '%H:%M') as works_until,
    concat_ws(
        ',',
        uncast('works_from', works_from, try_cast(works_from as time)),
        uncast('works_until', works_until, try_cast(works_until as time))
    ) as _cast_errors,
    _conflict
from mapped.working_hours
