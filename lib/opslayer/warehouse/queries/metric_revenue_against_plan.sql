-- one row: revenue of the months of this quarter that have a budget, invoiced or expected, over that budget; null without
-- it adds up what is expected and what was invoiced each by itself; quarter_against_budget.sql goes by month
-- reads intelligence.revenue_forecast, core.budget, core.account, marts.revenue_day
with latest as (
    select period, period_start, component, expected_base
    from intelligence.revenue_forecast
    where as_of = (select max(as_of) from intelligence.revenue_forecast)
),
expected as (
    select period_start as month, expected_base as amount_base
    from latest
    where period = 'month' and component = 'total'
),
budgeted as (
    select month, amount_base
    from core.budget
    where
        account_code in (select code from core.account where section = 'revenue')
        and month in (
            select unnest(generate_series(min(period_start), min(period_start) + interval 2 month, interval 1 month))
            from latest
            where period = 'quarter'
        )
),
come_to as (
    select amount_base from expected where month in (select month from budgeted)
    union all
    select amount_base
    from marts.revenue_day
    where date_trunc('month', day) in (select month from budgeted)
        and date_trunc('month', day) not in (select month from expected)
)
select
    cast((select sum(amount_base) from come_to) as double)
    / nullif(cast((select sum(amount_base) from budgeted) as double), 0) as value,
    null::double as previous
