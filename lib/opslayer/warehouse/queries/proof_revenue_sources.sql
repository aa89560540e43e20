-- one row: revenue that is expected of each source and month; base currency, by another way than the page's
select sum(expected_base) as value
from intelligence.revenue_forecast
where
    as_of = (select max(as_of) from intelligence.revenue_forecast)
    and period = 'month' and component <> 'total'
