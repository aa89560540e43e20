-- one row: revenue of the last closed month over its budget; the month before it
with month as (
    select month, sum(actual) as actual, sum(budget) as budget
    from marts.pnl_comparison
    where section = 'revenue' and month in (select month from marts.pnl_month where is_closed)
    group by month
)

select
    max_by(actual / nullif(budget, 0), month) as value,
    max_by(actual / nullif(budget, 0), month) filter (where month < (select max(month) from month)) as previous
from month
