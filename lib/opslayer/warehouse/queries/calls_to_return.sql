-- numbers that called and that nobody has spoken with since, to whose line it was; key: subject, the first such call
-- the caller's owner is whose line rang last, else who leads the client's last project; none for a stranger
-- hours have passed at the start of the day, or at the last call of a log that goes further
-- reads core.call, core.party, core.person, core.project
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
    strftime(waiting.last_local, '%H:%M') as last_time
from waiting
cross join known
left join core.party as party on party.party_id = waiting.party_id
left join lead on lead.party_id = waiting.party_id
where
    known.until - waiting.first_local >= to_hours($hours)   -- nobody has spoken with the caller for $hours hours
