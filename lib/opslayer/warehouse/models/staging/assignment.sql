-- one row an assignment; key: assignment_id; planned hours of a person on a project, by week from Monday
-- reads mapped.assignment
select
    source || ':' || source_key as assignment_id,
    source,
    source_key,
    coalesce(project_source, source) || ':' || project_key as project_id,
    coalesce(person_source, source) || ':' || person_key as person_id,
    role,
    cast(date_trunc('week', as_date(week_start)) as date) as week_start,
    as_quantity(hours) as hours,
    concat_ws(
        ',',
        uncast('week_start', week_start, as_date(week_start)),
        uncast('hours', hours, as_quantity(hours))
    ) as _cast_errors,
    _conflict
from mapped.assignment
