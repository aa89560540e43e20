-- one row an appointment; key: appointment_id; times are in UTC
-- reads mapped.appointment
select
    source || ':' || source_key as appointment_id,
    source,
    source_key,
    subject,
    coalesce(party_source, source) || ':' || party_key as party_id,
    coalesce(person_source, source) || ':' || person_key as person_id,
    coalesce(opportunity_source, source) || ':' || opportunity_key as opportunity_id,
    coalesce(project_source, source) || ':' || project_key as project_id,
    as_timestamp(starts_at) as starts_at,
    as_timestamp(ends_at) as ends_at,
    place,
    lower(status) as status,
    as_timestamp(created_at) as created_at,
    as_timestamp(updated_at) as updated_at,
    concat_ws(
        ',',
        uncast('starts_at', starts_at, as_timestamp(starts_at)),
        uncast('ends_at', ends_at, as_timestamp(ends_at)),
        uncast('created_at', created_at, as_timestamp(created_at)),
        uncast('updated_at', updated_at, as_timestamp(updated_at))
    ) as _cast_errors,
    _conflict
from mapped.appointment
