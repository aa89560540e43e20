-- one row a pair of keys that the firm itself says name one party or person, or (is_same false) do not
-- key: crosswalk_id
-- reads mapped.crosswalk
select
    source || ':' || source_key as crosswalk_id,
    source,
    source_key,
    lower(entity) as entity,
    left_source || ':' || left_key as left_id,
    right_source || ':' || right_key as right_id,
    coalesce(as_boolean(is_same), true) as is_same,
    concat_ws(',', uncast('is_same', is_same, as_boolean(is_same))) as _cast_errors,
    _conflict
from mapped.crosswalk
