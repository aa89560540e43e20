-- one row an opportunity role; key: opportunity_role_id; hours of a role the opportunity would need
-- reads mapped.opportunity_role
select
    source || ':' || source_key as opportunity_role_id,
    source,
    source_key,
    coalesce(opportunity_source, source) || ':' || opportunity_key as opportunity_id,
    role,
    as_quantity(hours) as hours,
    concat_ws(
        ',',
        uncast('hours', hours, as_quantity(hours))
    ) as _cast_errors,
    _conflict
from mapped.opportunity_role
