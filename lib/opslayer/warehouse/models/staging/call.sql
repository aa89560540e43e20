-- one row a call; key: call_id; times are in UTC, number in E.164 and null where it is withheld or cannot be read
-- reads mapped.call; calling_code is bound
select
    source || ':' || source_key as call_id,
    source,
    source_key,
    lower(direction) as direction,
    coalesce(party_source, source) || ':' || party_key as party_id,
    coalesce(person_source, source) || ':' || person_key as person_id,
    as_phone(number, cast($calling_code as varchar)) as number,
    number as number_given,
    as_timestamp(started_at) as started_at,
    as_timestamp(answered_at) as answered_at,
    as_timestamp(ended_at) as ended_at,
    lower(outcome) as outcome,
    as_timestamp(updated_at) as updated_at,
    concat_ws(
        ',',
        uncast('started_at', started_at, as_timestamp(started_at)),
        uncast('answered_at', answered_at, as_timestamp(answered_at)),
        uncast('ended_at', ended_at, as_timestamp(ended_at)),
        uncast('updated_at', updated_at, as_timestamp(updated_at))
    ) as _cast_errors,
    _conflict
from mapped.call
