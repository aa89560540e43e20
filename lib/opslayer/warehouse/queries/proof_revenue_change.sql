-- one row: what moved the forecast of revenue; base currency, by another way than the page's
select sum(change_base) as value
from intelligence.revenue_change
where as_of = (select max(as_of) from intelligence.revenue_change)
