-- the open deals, and the budget and secured revenue of the next quarter; key: part, name; base currency
-- reads intelligence.revenue_forecast, intelligence.win_forecast, core.budget, core.account
with quarter as (
    select period_start, period_end, component, expected_base
    from intelligence.revenue_forecast
    where as_of = (select max(as_of) from intelligence.revenue_forecast) and period = 'quarter'
    qualify period_start = max(period_start) over ()
),
planned as (
    select budget.month, sum(budget.amount_base) as amount_base
    from core.budget as budget
    where budget.account_code in (select code from core.account where section = 'revenue')
        and budget.month between (select min(period_start) from quarter) and (select max(period_end) from quarter)
    group by budget.month
)
select 'open deal' as part, opportunity_id as name, amount_base
from intelligence.win_forecast
where as_of = (select max(as_of) from intelligence.win_forecast)
union all
select 'budget' as part, strftime(month, '%Y-%m') as name, amount_base
from planned
union all
select 'secured' as part, component as name, expected_base as amount_base
from quarter
where component in ('invoiced', 'backlog', 'recurring', 'won_not_started')
order by part, amount_base desc nulls last, name
