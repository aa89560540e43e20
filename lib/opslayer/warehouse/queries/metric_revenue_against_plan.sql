-- one row: what this quarter is expected to come to over the budget of its months; null without either
with quarter as (
    select period_start, period_end, expected_base
    from intelligence.revenue_forecast
    where
        as_of = (select max(as_of) from intelligence.revenue_forecast) and period = 'quarter'
        and component = 'total'
    order by period_start
    limit 1
)
select
    cast(max(quarter.expected_base) as double) / nullif(cast(sum(budget.amount_base) as double), 0) as value,
    null::double as previous
from quarter
inner join core.budget as budget on budget.month between quarter.period_start and quarter.period_end
inner join (select distinct code from core.account where section = 'revenue') as account
    on account.code = budget.account_code
having count(distinct budget.month) = 3
