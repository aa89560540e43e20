-- one row a task of a project; key: task_id
-- reads staging.task
select
    task_id, source, source_key, project_id, name, role, budget_hours, created_on, starts_on, due_on, completed_on,
    status
from staging.task
