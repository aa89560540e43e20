-- one row a call that came in [since, until), the oldest first; key: call_id; since and until are moments, ISO 8601
-- reads core.call, core.party
select
    call.call_id, call.number, call.party_id, party.name as party_name, call.person_id, call.started_at, call.outcome
from core.call as call
left join core.party as party on party.party_id = call.party_id
where
    call.direction = 'in'
    and call.started_at >= cast($since as timestamptz) and call.started_at < cast($until as timestamptz)
order by call.started_at, call.call_id
