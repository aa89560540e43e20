-- one row: profit of the last closed month, and of the month before; base currency
with month as (
    select month, sum(amount_base) as profit
    from marts.pnl_month
    where is_closed
    group by month
)

select
    max_by(profit, month) as value,
    max_by(profit, month) filter (where month < (select max(month) from month)) as previous
from month
