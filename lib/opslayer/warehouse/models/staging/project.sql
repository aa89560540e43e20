-- one row a project; key: project_id; a project without a budget has none, not zero
-- reads mapped.project
select
    source || ':' || source_key as project_id,
    source,
    source_key,
    name,
    source || ':' || party_key as party_id,
    practice,
    source || ':' || manager_key as manager_id,
    coalesce(lower(billing), 'time_and_materials') as billing,
    nullif(as_quantity(budget_hours), 0) as budget_hours,
    as_date(starts_on) as starts_on,
    as_date(due_on) as due_on,
    as_date(ended_on) as ended_on,
    lower(status) as status,
    concat_ws(
        ',',
        uncast('budget_hours', budget_hours, as_quantity(budget_hours)),
        uncast('starts_on', starts_on, as_date(starts_on)),
        uncast('due_on', due_on, as_date(due_on)),
        uncast('ended_on', ended_on, as_date(ended_on))
    ) as _cast_errors,
    _conflict
from mapped.project
