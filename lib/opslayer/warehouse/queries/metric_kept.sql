-- each metric's value, and what the audit counted, as each snapshot had it; key: as_of, metric, member; value in unit
-- reads intelligence.metric_kept
select as_of, metric, member, unit, value from intelligence.metric_kept order by metric, member, as_of
