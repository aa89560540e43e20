-- what of the metrics is out of the ordinary, newest first; key: metric, member, period_start; value in unit
-- reads intelligence.metric_anomaly; as_of is bound
select * from intelligence.metric_anomaly where as_of = $as_of order by period_start desc, score desc, metric, member
