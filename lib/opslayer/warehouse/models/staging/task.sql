-- one row a task of a project; key: task_id
-- reads mapped.task
select
    source || ':' || source_key as task_id,
    source,
    source_key,
    coalesce(project_source, source) || ':' || project_key as project_id,
    name,
    role,
    as_quantity(budget_hours) as budget_hours,
    as_date(created_on) as created_on,
    as_date(starts_on) as starts_on,
    as_date(due_on) as due_on,
    as_date(completed_on) as completed_on,
    lower(status) as status,
    concat_ws(
        ',',
        uncast('budget_hours', budget_hours, as_quantity(budget_hours)),
        uncast('created_on', created_on, as_date(created_on)),
        uncast('starts_on', starts_on, as_date(starts_on)),
        uncast('due_on', due_on, as_date(due_on)),
        uncast('completed_on', completed_on, as_date(completed_on))
    ) as _cast_errors,
    _conflict
from mapped.task
