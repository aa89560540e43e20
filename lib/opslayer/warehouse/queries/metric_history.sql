-- each metric and period that has ended; key: metric, member, period_start; value in unit
-- reads marts.metric_history
select metric, member, frequency, period_start, unit, is_part, value
from marts.metric_history
order by metric, member, period_start
