-- one row a person who works for the firm; key: person_id; rates in the base currency for an hour
-- reads mapped.person
select
    source || ':' || source_key as person_id,
    source,
    source_key,
    number,
    name,
    nullif(trim(email), '') as email,
    practice,
    role,
    coalesce(manager_source, source) || ':' || manager_key as manager_id,
    as_date(hired_on) as hired_on,
    as_date(left_on) as left_on,
    as_quantity(weekly_hours) as weekly_hours,
    as_money(cost_rate) as cost_rate_base,
    as_money(bill_rate) as bill_rate_base,
    try_cast(utilisation_target as double) as utilisation_target,
    concat_ws(
        ',',
        uncast('hired_on', hired_on, as_date(hired_on)),
        uncast('left_on', left_on, as_date(left_on)),
        uncast('weekly_hours', weekly_hours, as_quantity(weekly_hours)),
        uncast('cost_rate', cost_rate, as_money(cost_rate)),
        uncast('bill_rate', bill_rate, as_money(bill_rate)),
        uncast('utilisation_target', utilisation_target, try_cast(utilisation_target as double))
    ) as _cast_errors,
    _conflict
from mapped.person
