-- one row: how many invoices are expected after their due day, $most at most, by another way than the page's
select least(count(*), $most) as value
from intelligence.payment_forecast
where as_of = (select max(as_of) from intelligence.payment_forecast) and expected_on > due_on
