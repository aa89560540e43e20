-- metrics that are expected to leave their range, likely enough to act on, to whom it is told; key: subject
-- the subject is the metric, the end of its range and the period: what moves to another period is told of anew
-- reads intelligence.metric_crossing; as_of is bound
select
    metric || ':' || side || ':' || cast(crosses_on as varchar) as subject,
    title as name,
    cast(null as decimal(18, 2)) as amount_base,
    cast(null as varchar) as recipient_id,    -- nobody's own: it goes to the role that the rule names
    crosses_on, latest, expected, bound, probability, reasons
from intelligence.metric_crossing
where
    as_of = $as_of                              -- it was forecast today
    and probability >= $at_least / 100.0        -- more likely than not, or as sure as the rule asks
