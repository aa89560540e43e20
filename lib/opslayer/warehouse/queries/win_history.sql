-- each deal as it was known every fourth Monday of three years, and today; key: subject, decided_at; money in base currency
-- label: whether it was won; null while it is open. What came counts from known_at on, half a year after the day: deals
-- decided early are not like the rest. weeks is from that day to its end. stage_weight is what a firm multiplies by: the
-- share won of the deals that had been in the stage and had ended by that day, shrunk by ten to the share of all; close_days
-- the mean days from entering the stage to the end, as known then
-- reads marts.opportunity_history; as_of is bound
with
landmark as (
    select cast(date_trunc('week', cast($as_of as date)) as date) - cast(28 * weeks.n as integer) as day from range(1, 40) as weeks (n)
    union all
    select cast($as_of as date)
),
seen as (
    select history.*, landmark.day
    from marts.opportunity_history as history
    inner join landmark
        on landmark.day >= history.known_from
        and landmark.day < coalesce(history.known_until, cast($as_of as date) + 1)
    where history.has_history and (history.closed_on is null or history.closed_on > landmark.day)
),
ended as (
    select distinct opportunity_id, outcome, closed_on
    from marts.opportunity_history
    where outcome in ('won', 'lost') and closed_on is not null
),
been as (
    select opportunity_id, stage, min(stage_entered_on) as entered_on
    from marts.opportunity_history
    group by opportunity_id, stage
),
firm as (
    select
        landmark.day,
        (count(*) filter (where ended.outcome = 'won') + 5) / (count(ended.opportunity_id) + 10) as share
    from landmark
    left join ended on ended.closed_on <= landmark.day
    group by landmark.day
),
stage as (
    select
        landmark.day, been.stage, count(*) as deals,
        count(*) filter (where ended.outcome = 'won') as won,
        sum(ended.closed_on - been.entered_on) as days
    from landmark
    inner join ended on ended.closed_on <= landmark.day
    inner join been on been.opportunity_id = ended.opportunity_id
    group by landmark.day, been.stage
)
select
    seen.opportunity_id as subject,
    coalesce(seen.stage, '(unknown)') as stage,
    seen.channel,
    seen.practice,
    seen.is_known_client,
    cast(seen.amount_base as double) as amount,
    seen.day - seen.stage_entered_on as in_stage_days,
    cast(seen.slips as bigint) as slips,
    seen.day - seen.expected_close_on as overdue_days,
    (coalesce(stage.won, 0) + 10 * firm.share) / (coalesce(stage.deals, 0) + 10) as stage_weight,
    (coalesce(stage.days, 0) + 10 * 60) / (coalesce(stage.deals, 0) + 10) as close_days,
    cast(ceil((seen.closed_on - seen.day) / 7) as bigint) as weeks,
    seen.day as decided_at,
    greatest(seen.closed_on, seen.day + 182) as known_at,
    case when seen.outcome in ('won', 'lost') and seen.closed_on is not null then seen.outcome = 'won' end as label
from seen
inner join firm on firm.day = seen.day
left join stage on stage.day = seen.day and stage.stage = seen.stage
order by seen.day, seen.opportunity_id
