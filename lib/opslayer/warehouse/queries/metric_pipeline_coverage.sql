-- one row: amount of the open deals over what the next quarter still lacks to its budget; null without a forecast or a
-- budget for it, or where nothing is lacking
with quarter as (
    select period_start, period_end, expected_base, component
    from intelligence.revenue_forecast
    where as_of = (select max(as_of) from intelligence.revenue_forecast) and period = 'quarter'
),
ahead as (
    select
        period_start, max(period_end) as period_end,
        sum(expected_base) filter (
            where component in ('invoiced', 'backlog', 'recurring', 'won_not_started')
        ) as secured
    from quarter
    group by period_start
    order by period_start desc
    limit 1
),
plan as (
    select sum(budget.amount_base) as amount_base, count(distinct budget.month) as months
    from core.budget as budget
    inner join ahead on budget.month between ahead.period_start and ahead.period_end
    inner join (select distinct code from core.account where section = 'revenue') as account
        on account.code = budget.account_code
),
pipeline as (
    select sum(amount_base) as amount_base
    from intelligence.win_forecast
    where as_of = (select max(as_of) from intelligence.win_forecast)
)
select
    case
        when plan.months = 3 and plan.amount_base > ahead.secured
            then cast(pipeline.amount_base as double) / cast(plan.amount_base - ahead.secured as double)
    end as value,
    null::double as previous
from plan
left join ahead on true
cross join pipeline
