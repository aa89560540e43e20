-- what of the metrics is out of the ordinary of late, to whom it is told; key: subject
-- of a table, one: rows that are missing show in its age, its means and what it lacks as well
-- the subject is the metric, of whom, and since when: the same episode is told of once
-- reads intelligence.metric_anomaly; as_of is bound
select
    metric || ':' || member || ':' || cast(since as varchar) as subject,
    replace(metric, '_', ' ') || case when member = 'firm' then '' else ' of ' || member end as name,
    cast(null as decimal(18, 2)) as amount_base,
    cast(null as varchar) as recipient_id,    -- nobody's own: it goes to the role that the rule names
    since, value, expected, reasons
from intelligence.metric_anomaly
where
    as_of = $as_of                              -- it was found today
    and period_start >= $as_of - $at_most       -- it showed within the last $at_most days
qualify row_number() over (
    partition by case when contains(member, '.') then regexp_extract(member, '^[a-z_]+[.][a-z_]+') else metric || ':' || member end
    order by score desc, metric, member
) = 1
