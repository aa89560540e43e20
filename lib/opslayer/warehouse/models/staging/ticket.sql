-- one row a ticket as it was opened; key: ticket_id; times are in UTC
-- state, team, ended_at and within_sla are the last that the system says, where it keeps no events
-- reads mapped.ticket
select
    source || ':' || source_key as ticket_id,
    source,
    source_key,
    number,
    subject,
    coalesce(party_source, source) || ':' || party_key as party_id,
    coalesce(person_source, source) || ':' || person_key as person_id,
    team,
    channel,
    place,
    category,
    subcategory,
    symptom,
    item,
    impact,
    urgency,
    priority,
    opened_by,
    caller,
    as_timestamp(opened_at) as opened_at,
    as_timestamp(due_at) as due_at,
    lower(state) as state,
    as_timestamp(ended_at) as ended_at,
    as_boolean(within_sla) as within_sla,
    as_timestamp(updated_at) as updated_at,
    concat_ws(
        ',',
        uncast('opened_at', opened_at, as_timestamp(opened_at)),
        uncast('due_at', due_at, as_timestamp(due_at)),
        uncast('ended_at', ended_at, as_timestamp(ended_at)),
        uncast('within_sla', within_sla, as_boolean(within_sla)),
        uncast('updated_at', updated_at, as_timestamp(updated_at))
    ) as _cast_errors,
    _conflict
from mapped.ticket
