-- one row a metric and period that has ended before as_of: levels at its end and ratios over it; key: metric, period_start
-- frequency says how long a period is: week (from Monday), month; value is in `unit`; money in the base currency
-- reads core.invoice, core.payment, marts.cash_daily, marts.dso, marts.opportunity_history, marts.person_week,
-- marts.pnl_comparison, marts.pnl_month; as_of is bound
with
week as (
    select cast(start as date) as week_start, cast(start as date) + 6 as week_end
    from (select least(min(invoice.issued_on), (select min(day) from marts.cash_daily)) as first_day from core.invoice as invoice)
    cross join unnest(
        generate_series(date_trunc('week', first_day)::timestamp, $as_of - interval 7 day, interval 7 day)
    ) as starts (start)
),

settled as (
    select document_id, paid_on, amount_base
    from core.payment
    where direction = 'in' and document_id is not null
),

owed as (
    select
        week.week_start,
        week.week_end - invoice.due_on as days_overdue,
        invoice.total_base - coalesce(sum(settled.amount_base), 0) as open_base
    from week
    inner join core.invoice as invoice on invoice.issued_on <= week.week_end and invoice.status in ('open', 'paid')
    left join settled on settled.document_id = invoice.invoice_id and settled.paid_on <= week.week_end
    group by week.week_start, week.week_end, invoice.invoice_id, invoice.due_on, invoice.total_base
),

decided as (
    select distinct opportunity_id, outcome, closed_on
    from marts.opportunity_history
    where closed_on is not null
),

closed as (
    select
        month, sum(amount_base) as profit, sum(amount_base) filter (where section = 'revenue') as revenue,
        sum(amount_base) filter (where section in ('revenue', 'direct_cost')) as margin
    from marts.pnl_month
    where is_closed
    group by month
),

budgeted as (
    select month, sum(actual) / nullif(sum(budget), 0) as reached
    from marts.pnl_comparison
    where section = 'revenue' and month in (select month from closed)
    group by month
),

level as (
    select 'cash' as metric, 'week' as frequency, week.week_start as period_start, 'base currency' as unit,
        cast(cash.balance_base as double) as value
    from week
    asof inner join marts.cash_daily as cash on cash.day <= week.week_end
    union all
    select
        'overdue_share', 'week', week_start, 'share',
        cast(coalesce(sum(open_base) filter (where days_overdue > 0), 0) as double) / nullif(cast(sum(open_base) as double), 0)
    from owed
    group by week_start
    union all
    select 'over_90', 'week', week_start, 'base currency',
        cast(coalesce(sum(open_base) filter (where days_overdue > 90), 0) as double)
    from owed
    group by week_start
    union all
    select
        'utilisation', 'week', week_start, 'share',
        cast(sum(billable_hours) as double) / nullif(cast(sum(available_hours) as double), 0)
    from marts.person_week
    where hours > 0
    group by week_start
    union all
    select 'dso', 'month', cast(date_trunc('month', month_end) as date), 'days', dso_days
    from marts.dso
    where month_end = last_day(month_end) and month_end < $as_of
    union all
    select
        'win_rate', 'month', cast(date_trunc('month', closed_on) as date), 'share',
        avg(case when outcome = 'won' then 1.0 else 0.0 end)
    from decided
    where last_day(closed_on) < $as_of
    group by date_trunc('month', closed_on)
    union all
    select 'profit', 'month', month, 'base currency', cast(profit as double) from closed
    union all
    select 'gross_margin', 'month', month, 'share', cast(margin as double) / nullif(cast(revenue as double), 0) from closed
    union all
    select 'revenue_against_budget', 'month', month, 'share', cast(reached as double) from budgeted
)

select metric, frequency, period_start, unit, case when unit = 'base currency' then round(value, 2) else value end as value
from level
where value is not null
