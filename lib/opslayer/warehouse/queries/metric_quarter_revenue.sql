-- one row: what this quarter is expected to come to, and what it was a week before; base currency; null before a forecast
with quarter as (
    select expected_base
    from intelligence.revenue_forecast
    where
        as_of = (select max(as_of) from intelligence.revenue_forecast) and period = 'quarter'
        and component = 'total'
    order by period_start
    limit 1
),
moved as (
    select sum(change_base) as change_base
    from intelligence.revenue_change
    where as_of = (select max(as_of) from intelligence.revenue_change)
)
select
    cast(max(quarter.expected_base) as double) as value,
    cast(max(quarter.expected_base) - max(moved.change_base) as double) as previous
from quarter
cross join moved
