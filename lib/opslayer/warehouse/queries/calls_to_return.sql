-- numbers that called and that nobody has spoken with since, to whose line it was; key: subject, the first such call
-- the caller's owner is whose line rang last, else who leads the client's last project; none for a stranger
-- hours have passed at the start of the day, or at the last call of a log that goes further
-- owed_base is open with the client and offered_base offered to it, base currency
-- reads core.call, core.party, core.person, core.project, core.opportunity, marts.open_item; as_of is bound
with
known as (
    select greatest(cast($as_of as timestamp), max(started_local)) as until
    from core.call
    where started_on <= $as_of
),

reached as (    -- a number that somebody spoke with, or left word on
    select number, max(started_at) as at
    from core.call
    where outcome = 'answered' or (direction = 'out' and outcome = 'voicemail')
    group by number
),

waiting as (
    select
        call.number,
        min_by(call.call_id, call.started_at) as call_id,
        min(call.started_local) as first_local,
        max(call.started_local) as last_local,
        count(*) as calls,
        max_by(call.party_id, call.started_at) filter (call.party_id is not null) as party_id,
        max_by(call.person_id, call.started_at) filter (person.left_on is null and person.email is not null) as person_id
    from core.call as call
    left join core.person as person on person.person_id = call.person_id
    left join reached on reached.number = call.number
    where
        call.direction = 'in' and call.outcome in ('missed', 'voicemail') and call.number is not null
        and call.started_on between $as_of - $at_most and $as_of
        and (reached.at is null or reached.at < call.started_at)
    group by call.number
),

lead as (
    select project.party_id, arg_max(project.manager_id, (project.starts_on, project.project_id)) as person_id
    from core.project as project
    inner join core.person as person on person.person_id = project.manager_id and person.left_on is null
    group by project.party_id
),

owed as (
    select party_id, sum(open_base) as open_base from marts.open_item group by party_id
),

offered as (
    select party_id, sum(amount_base) as offered_base from core.opportunity where outcome = 'open' group by party_id
)

select
    waiting.call_id as subject,
    coalesce(party.name, waiting.number) as name,
    cast(null as decimal(18, 2)) as amount_base,
    coalesce(waiting.person_id, lead.person_id) as recipient_id,
    party.name as client,
    waiting.number,
    waiting.calls,
    cast(waiting.last_local as date) as last_on,
    strftime(waiting.last_local, '%H:%M') as last_time,
    waiting.party_id,
    cast(date_diff('minute', waiting.first_local, known.until) as double) / 60 as hours_waiting,
    cast(coalesce(owed.open_base, 0) as decimal(18, 2)) as owed_base,
    cast(coalesce(offered.offered_base, 0) as decimal(18, 2)) as offered_base
from waiting
cross join known
left join core.party as party on party.party_id = waiting.party_id
left join lead on lead.party_id = waiting.party_id
left join owed on owed.party_id = waiting.party_id
left join offered on offered.party_id = waiting.party_id
where
    known.until - waiting.first_local >= to_hours($hours)   -- nobody has spoken with the caller for $hours hours
