-- one row a project with hours or a plan last week, furthest from its plan first; key: project_id
-- over_plan_hours is hours less plan (null without one), realisation what is charged over list prices,
-- share_of_budget the hours so far over the budget
-- reads marts.time_week
select
    *,
    hours - planned_hours as over_plan_hours,
    cast(value_base / nullif(list_value_base, 0) as double) as realisation,
    cast(hours_to_date / nullif(budget_hours, 0) as double) as share_of_budget
from marts.time_week
order by abs(hours - planned_hours) desc nulls last, hours desc, project_id
