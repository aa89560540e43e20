-- what is expected of each metric; key: metric, member, period_start; value in unit
-- reads intelligence.metric_forecast; as_of is bound
select * from intelligence.metric_forecast where as_of = $as_of order by metric, member, period_start
