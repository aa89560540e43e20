-- one row: what open invoices are expected to bring in thirteen weeks, as last forecast; base currency
select sum(expected_base) as value, null::double as previous
from intelligence.cash_forecast
where as_of = (select max(as_of) from intelligence.cash_forecast)
