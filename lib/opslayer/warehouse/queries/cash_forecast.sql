-- cash in from open invoices, thirteen weeks ahead, as last forecast; key: week; base currency
select
    as_of, week_start, week, expected_base, lower_50, upper_50, lower_80, upper_80, lower_95, upper_95, model,
    model_version
from intelligence.cash_forecast
where as_of = (select max(as_of) from intelligence.cash_forecast)
order by week
