-- one row: gross margin of the last closed month, and of the month before: (revenue - direct cost) / revenue
with month as (
    select
        month, sum(case when section = 'revenue' then amount_base else 0 end) as revenue,
        sum(case when section = 'direct_cost' then amount_base else 0 end) as direct_cost
    from marts.pnl_month
    where is_closed
    group by month
)

select
    max_by((revenue + direct_cost) / nullif(revenue, 0), month) as value,
    max_by((revenue + direct_cost) / nullif(revenue, 0), month)
        filter (where month < (select max(month) from month)) as previous
from month
