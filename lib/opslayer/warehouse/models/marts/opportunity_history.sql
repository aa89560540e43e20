-- one row an opportunity and span of days in which nothing known of it changed; key: opportunity_id, known_from
-- a span ends before known_until (null: it stands on as_of); amount_base and expected_close_on are as known then, money in
-- the base currency; slips counts how often the expected close had moved later by then
-- outcome and closed_on are as of as_of: a reader of an earlier day leaves them out (see known_on)
-- where outcome and stage disagree the outcome decides; without stage history today's values stand for the whole life
-- reads core.opportunity, core.opportunity_stage, core.party, core.project, core.invoice; as_of is bound
with
terminal as (
    select opportunity_id, stage, cast(entered_at as date) as entered_on
    from core.opportunity_stage
    where stage in ('won', 'lost') and cast(entered_at as date) <= $as_of
    qualify row_number() over (partition by opportunity_id order by entered_at desc, opportunity_stage_id desc) = 1
),
first_work as (
    select party_id, min(day) as worked_on
    from (
        select party_id, starts_on as day from core.project
        union all
        select party_id, issued_on as day from core.invoice
    ) as work
    where party_id is not null
    group by party_id
),
deal as (
    select
        opportunity.opportunity_id, opportunity.name, opportunity.party_id, opportunity.practice, opportunity.channel,
        opportunity.owner_id, opportunity.created_on, opportunity.stage, opportunity.amount_base,
        opportunity.expected_close_on, opportunity.starts_on, opportunity.weeks,
        case
            when opportunity.outcome = 'open' then null
            else coalesce(opportunity.closed_on, terminal.entered_on)
        end as closed_on,
        opportunity.outcome as final_outcome,
        coalesce(terminal.stage <> opportunity.outcome, false) as disagrees,
        coalesce(first_work.worked_on < opportunity.created_on, false) as is_known_client
    from core.opportunity as opportunity
    left join terminal on terminal.opportunity_id = opportunity.opportunity_id
    left join first_work on first_work.party_id = opportunity.party_id
    where opportunity.created_on <= $as_of
),
entered as (
    select opportunity_id, stage, cast(entered_at as date) as entered_on, amount_base, expected_close_on
    from core.opportunity_stage
    where stage not in ('won', 'lost') and cast(entered_at as date) <= $as_of
    qualify row_number() over (
        partition by opportunity_id, cast(entered_at as date) order by entered_at desc, opportunity_stage_id desc
    ) = 1
),
change as (
    select
        deal.opportunity_id,
        coalesce(entered.entered_on, deal.created_on) as entered_on,
        coalesce(entered.stage, deal.stage) as stage,
        entered.opportunity_id is not null as has_history,
        case when entered.opportunity_id is null then deal.amount_base else entered.amount_base end as amount_base,
        coalesce(entered.expected_close_on, deal.expected_close_on) as expected_close_on
    from deal
    left join entered on entered.opportunity_id = deal.opportunity_id
),
spell as (
    select
        *,
        row_number() over life as position,
        lead(entered_on) over life as next_on,
        coalesce(stage <> lag(stage) over life, true) as is_new_stage,
        coalesce(expected_close_on > lag(expected_close_on) over life, false) as is_slip
    from change
    window life as (partition by opportunity_id order by entered_on)
),
span as (
    select
        *,
        max(case when is_new_stage then entered_on end) over so_far as stage_entered_on,
        count(*) filter (where is_slip) over so_far as slips
    from spell
    window so_far as (
        partition by opportunity_id order by entered_on rows between unbounded preceding and current row
    )
)
select
    deal.opportunity_id,
    case when span.position = 1 then least(span.entered_on, deal.created_on) else span.entered_on end as known_from,
    coalesce(span.next_on, case when deal.closed_on <= $as_of then deal.closed_on end) as known_until,
    deal.name, deal.party_id, party.name as party_name, deal.practice, deal.channel, deal.owner_id, deal.created_on,
    deal.is_known_client,
    span.stage,
    span.stage_entered_on,
    -- of one that is open, today's amount and date may be newer than its last change of stage
    case
        when span.next_on is null and deal.final_outcome = 'open' then coalesce(deal.amount_base, span.amount_base)
        else span.amount_base
    end as amount_base,
    case
        when span.next_on is null and deal.final_outcome = 'open'
            then coalesce(deal.expected_close_on, span.expected_close_on)
        else span.expected_close_on
    end as expected_close_on,
    span.slips,
    deal.starts_on, deal.weeks,
    span.has_history,
    deal.disagrees,
    case
        when deal.closed_on > $as_of then 'open'
        else deal.final_outcome
    end as outcome,
    case when deal.closed_on <= $as_of then deal.closed_on end as closed_on
from span
inner join deal on deal.opportunity_id = span.opportunity_id
left join core.party as party on party.party_id = deal.party_id
where
    (deal.closed_on is null or span.entered_on < deal.closed_on)
    -- decided, but nobody wrote when: it can neither be open nor teach anything
    and (deal.closed_on is not null or deal.final_outcome = 'open')
