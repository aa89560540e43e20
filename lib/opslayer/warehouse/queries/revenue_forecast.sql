-- revenue by period and source, as last forecast; key: period, period_start, component; money in the base currency
-- reads intelligence.revenue_forecast
select * from intelligence.revenue_forecast
where as_of = (select max(as_of) from intelligence.revenue_forecast)
order by period, period_start, component
