-- months of this quarter that have a budget: revenue invoiced or expected beside it; key: month; base currency
-- reads intelligence.revenue_forecast, core.budget, core.account, marts.revenue_day
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
    plan.month,
    ahead.expected_base is not null as is_expected,
    coalesce(ahead.expected_base, behind.amount_base) as revenue_base,
    plan.amount_base as budget_base
from plan
left join ahead on ahead.month = plan.month
left join behind on behind.month = plan.month
order by plan.month
