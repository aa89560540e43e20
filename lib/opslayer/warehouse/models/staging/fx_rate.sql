-- one row a rate as a source gives it; key: source, source_key; rate: base currency for one unit of currency
-- reads mapped.fx_rate; base_currency is bound
select
    source,
    source_key,
    upper(currency) as currency,
    $base_currency as base_currency,
    as_date(rate_on) as rate_on,
    as_rate(rate) as rate,
    concat_ws(
        ',', uncast('rate_on', rate_on, as_date(rate_on)), uncast('rate', rate, as_rate(rate))
    ) as _cast_errors,
    _conflict
from mapped.fx_rate
