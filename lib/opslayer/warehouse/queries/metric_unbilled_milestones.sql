-- one row: base currency in milestones that are done and not billed; null where the firm has none
-- reads marts.billable_milestone, core.milestone
select
    case when (select count(*) from core.milestone) > 0
        then (select coalesce(cast(sum(amount_base) as double), 0) from marts.billable_milestone where as_of = $as_of)
    end as value,
    null::double as previous
