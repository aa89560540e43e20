-- one row a call; key: call_id; times are in UTC, started_local and started_on as the firm's clock shows them
-- party_id is the party its system names, or else the only one with that number; null for a stranger
-- reads staging.call, core.party_alias, core.party, core.person_alias; calling_code and time_zone are bound
with
numbered as (
    select as_phone(phone, cast($calling_code as varchar)) as number, min(party_id) as party_id
    from core.party
    where as_phone(phone, cast($calling_code as varchar)) is not null
    group by as_phone(phone, cast($calling_code as varchar))
    having count(*) = 1
)

select
    call.call_id, call.source, call.source_key, call.direction,
    coalesce(party.party_id, numbered.party_id) as party_id,
    coalesce(person.person_id, call.person_id) as person_id,
    call.number, call.number_given, call.started_at, call.answered_at, call.ended_at,
    call.started_at at time zone $time_zone as started_local,
    cast(call.started_at at time zone $time_zone as date) as started_on,
    call.outcome, call.updated_at
from staging.call as call
left join core.party_alias as alias on alias.alias_id = call.party_id
left join core.party as party on party.party_id = coalesce(alias.party_id, call.party_id)
left join numbered on numbered.number = call.number
left join core.person_alias as person on person.alias_id = call.person_id
