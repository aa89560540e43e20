-- one row: revenue of the months of this quarter that have a budget, invoiced or expected, over that budget; null without
with latest as (
    select max(as_of) as as_of from intelligence.revenue_forecast
),
quarter as (
    select min(period_start) as first_on
    from intelligence.revenue_forecast
    where as_of = (select latest.as_of from latest) and period = 'quarter'
),
plan as (
    select budget.month, sum(budget.amount_base) as amount_base
    from core.budget as budget
    cross join quarter
    where
        budget.month >= quarter.first_on and budget.month < quarter.first_on + interval 3 month
        and budget.account_code in (select code from core.account where section = 'revenue')
    group by budget.month
),
ahead as (
    select period_start as month, expected_base
    from intelligence.revenue_forecast
    where as_of = (select latest.as_of from latest) and period = 'month' and component = 'total'
),
behind as (
    select cast(date_trunc('month', day) as date) as month, sum(amount_base) as amount_base
    from marts.revenue_day
    group by date_trunc('month', day)
)
select
    cast(sum(coalesce(ahead.expected_base, behind.amount_base)) as double)
    / nullif(cast(sum(plan.amount_base) as double), 0) as value,
    null::double as previous
from plan
left join ahead on ahead.month = plan.month
left join behind on behind.month = plan.month
