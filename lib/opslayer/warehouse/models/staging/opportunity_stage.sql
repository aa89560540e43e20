-- one row an opportunity stage; key: opportunity_stage_id; a stage entered, with the amount and the close expected then
-- reads mapped.opportunity_stage
select
    source || ':' || source_key as opportunity_stage_id,
    source,
    source_key,
    coalesce(opportunity_source, source) || ':' || opportunity_key as opportunity_id,
    lower(stage) as stage,
    as_timestamp(entered_at) as entered_at,
    as_money(amount) as amount,
    as_date(expected_close_on) as expected_close_on,
    concat_ws(
        ',',
        uncast('entered_at', entered_at, as_timestamp(entered_at)),
        uncast('amount', amount, as_money(amount)),
        uncast('expected_close_on', expected_close_on, as_date(expected_close_on))
    ) as _cast_errors,
    _conflict
from mapped.opportunity_stage
