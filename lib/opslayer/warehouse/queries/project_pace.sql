-- one row a running project with a budget and dates; key: entity; hours, and the share of its time that has passed
-- reads marts.project_state; as_of is bound
select
    project_id as entity,
    name,
    cast(hours_to_date as double) as spent,
    cast(budget_hours as double) as budget,
    least(1.0, cast($as_of - starts_on as double) / nullif(due_on - starts_on, 0)) as elapsed
from marts.project_state
where ended_on is null and billing <> 'internal' and budget_hours > 0 and due_on > starts_on
order by entity
