-- one row a change of a ticket and how it stood after; key: event_id; times are in UTC
-- reads mapped.ticket_event
select
    source || ':' || source_key as event_id,
    source,
    source_key,
    coalesce(ticket_source, source) || ':' || ticket_key as ticket_id,
    try_cast(position as bigint) as position,
    as_timestamp(happened_at) as happened_at,
    lower(state) as state,
    team,
    coalesce(person_source, source) || ':' || person_key as person_id,
    as_boolean(within_sla) as within_sla,
    concat_ws(
        ',',
        uncast('position', position, try_cast(position as bigint)),
        uncast('happened_at', happened_at, as_timestamp(happened_at)),
        uncast('within_sla', within_sla, as_boolean(within_sla))
    ) as _cast_errors,
    _conflict
from mapped.ticket_event
