-- what is expected of utilisation, by the last forecast; key: entity, day; share of 1
-- reads intelligence.metric_forecast; as_of is bound
select '' as entity, '' as name, period_start as day, value
from intelligence.metric_forecast
where
    metric = 'utilisation' and member = 'firm' and period_start >= date_trunc('week', $as_of)
    and as_of = (select max(as_of) from intelligence.metric_forecast where as_of <= $as_of)
order by day
