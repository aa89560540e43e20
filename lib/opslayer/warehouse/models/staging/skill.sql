-- one row a skill; key: skill_id; level 1 to 5
-- reads mapped.skill
select
    source || ':' || source_key as skill_id,
    source,
    source_key,
    coalesce(person_source, source) || ':' || person_key as person_id,
    skill,
    try_cast(level as integer) as level,
    concat_ws(
        ',',
        uncast('level', level, try_cast(level as integer))
    ) as _cast_errors,
    _conflict
from mapped.skill
