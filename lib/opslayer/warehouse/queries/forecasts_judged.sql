-- each interval that a model, not what stands in for one, gave before as_of for a period that has begun
-- key: as_of, metric, member, period_start; reads intelligence.metric_forecast; as_of is bound
select as_of, metric, member, period_start, lower_80, upper_80
from intelligence.metric_forecast
where as_of < $as_of and period_start <= $as_of and not is_fallback
order by as_of, metric, member, period_start
