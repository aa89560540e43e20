-- numbers that called in the last $at_most days and that nobody has spoken with since; key: call_id, the first such call
-- at_stake_base: what the client owes and what is offered to it; base currency; waiting counts to the start of the day,
-- or to the last call of a log that goes further
-- reads core.call, core.party, core.opportunity, marts.open_item; as_of is bound
with
known as (
    select greatest(cast($as_of as timestamp), max(started_local)) as until
    from core.call
    where started_on <= $as_of
),

reached as (
    select number, max(started_at) as at
    from core.call
    where outcome = 'answered' or (direction = 'out' and outcome = 'voicemail')
    group by number
),

waiting as (
    select
        call.number, min_by(call.call_id, call.started_at) as call_id, min(call.started_local) as first_local,
        max(call.started_local) as last_local, count(*) as calls,
        max_by(call.party_id, call.started_at) filter (call.party_id is not null) as party_id
    from core.call as call
    left join reached on reached.number = call.number
    where
        call.direction = 'in' and call.outcome in ('missed', 'voicemail') and call.number is not null
        and call.started_on between $as_of - $at_most and $as_of
        and (reached.at is null or reached.at < call.started_at)
    group by call.number
),

owed as (
    select party_id, sum(open_base) as open_base from marts.open_item group by party_id
),

offered as (
    select party_id, sum(amount_base) as offered_base from core.opportunity where outcome = 'open' group by party_id
)

select
    waiting.call_id, waiting.number, waiting.party_id, coalesce(party.name, waiting.number) as name, waiting.calls,
    waiting.last_local,
    greatest(0, cast(date_diff('minute', waiting.first_local, known.until) as double) / 60) as hours_waiting,
    cast(coalesce(owed.open_base, 0) as decimal(18, 2)) as owed_base,
    cast(coalesce(offered.offered_base, 0) as decimal(18, 2)) as offered_base
from waiting
cross join known
left join core.party as party on party.party_id = waiting.party_id
left join owed on owed.party_id = waiting.party_id
left join offered on offered.party_id = waiting.party_id
order by waiting.call_id
