-- each lead as it was when it came in, and how it ended; key: subject, an opportunity; money in base currency
-- label is null while it is open; an outcome counts from known_at on, half a year after the lead came: those decided
-- early are not like the rest; won_before and lost_before are of two years: a count of all that ever was grows by itself,
-- and then no lead is like those that taught; usual is the share of past leads that were won, ten of one half added
-- reads marts.opportunity_history
with
lead as (
    select
        opportunity_id, name, party_id, party_name, practice, channel, is_known_client, created_on, amount_base,
        expected_close_on, weeks, outcome, closed_on,
        last_value(stage) over (
            partition by opportunity_id order by known_from rows between unbounded preceding and unbounded following
        ) as stage
    from marts.opportunity_history
    qualify row_number() over (partition by opportunity_id order by known_from) = 1
),
ended as (
    select party_id, closed_on, outcome from lead where closed_on is not null and party_id is not null
),
before as (
    select
        lead.opportunity_id,
        count(*) filter (where ended.outcome = 'won') as won_before,
        count(*) filter (where ended.outcome <> 'won') as lost_before
    from lead
    inner join ended on ended.party_id = lead.party_id and ended.closed_on < lead.created_on
        and ended.closed_on >= lead.created_on - 730
    group by lead.opportunity_id
)
select
    lead.opportunity_id as subject,
    lead.name, lead.party_id, lead.party_name, lead.practice, lead.channel, lead.is_known_client, lead.stage,
    cast(lead.amount_base as double) as amount,
    lead.expected_close_on - lead.created_on as expected_days,
    lead.weeks,
    coalesce(before.won_before, 0) as won_before,
    coalesce(before.lost_before, 0) as lost_before,
    lead.created_on as decided_at,
    greatest(lead.closed_on, lead.created_on + 180) as known_at,
    (
        select (count(*) filter (where ended.outcome = 'won') + 5) / (count(*) + 10) from ended
    ) as usual,
    lead.outcome,
    case when lead.outcome <> 'open' then lead.outcome = 'won' end as label
from lead
left join before on before.opportunity_id = lead.opportunity_id
order by lead.created_on, lead.opportunity_id
