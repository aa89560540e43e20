-- one row an opportunity; key: opportunity_id; amount in its currency, amount_base in the firm's; outcome open, won or lost
-- reads mapped.opportunity; base_currency is bound
select
    source || ':' || source_key as opportunity_id,
    source,
    source_key,
    name,
    coalesce(party_source, source) || ':' || party_key as party_id,
    practice,
    kind,
    lower(stage) as stage,
    upper(currency) as currency,
    coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end) as fx_rate,
    as_money(amount) as amount,
    cast(
        round(
            as_money(amount)
            * coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end),
            2
        ) as decimal(18, 2)
    ) as amount_base,
    coalesce(owner_source, source) || ':' || owner_key as owner_id,
    as_date(created_on) as created_on,
    as_date(expected_close_on) as expected_close_on,
    as_date(closed_on) as closed_on,
    lower(outcome) as outcome,
    channel,
    as_date(starts_on) as starts_on,
    try_cast(weeks as integer) as weeks,
    concat_ws(
        ',',
        uncast('fx_rate', fx_rate, as_rate(fx_rate)),
        uncast('amount', amount, as_money(amount)),
        uncast('created_on', created_on, as_date(created_on)),
        uncast('expected_close_on', expected_close_on, as_date(expected_close_on)),
        uncast('closed_on', closed_on, as_date(closed_on)),
        uncast('starts_on', starts_on, as_date(starts_on)),
        uncast('weeks', weeks, try_cast(weeks as integer))
    ) as _cast_errors,
    _conflict
from mapped.opportunity
