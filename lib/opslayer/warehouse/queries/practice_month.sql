-- people and plan of each practice and month; key: month, practice; hours, base currency
select
    month, practice, capacity_a_day, available_hours, target_hours, billable_hours, capacity_cost_base, planned_hours,
    planned_base
from marts.practice_month
order by month, practice
