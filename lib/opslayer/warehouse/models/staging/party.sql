-- one row a client or supplier; key: party_id
-- reads mapped.party
select
    source || ':' || source_key as party_id,
    source,
    source_key,
    name,
    nullif(trim(email), '') as email,
    nullif(trim(website), '') as website,
    nullif(trim(phone), '') as phone,
    nullif(trim(tax_id), '') as tax_id,
    upper(nullif(regexp_replace(bank_account, '[\s.-]', '', 'g'), '')) as bank_account,
    coalesce(lower(kind), 'unknown') as kind,
    upper(currency) as currency,
    try_cast(payment_terms_days as integer) as payment_terms_days,
    coalesce(as_boolean(is_active), true) as is_active,
    concat_ws(
        ',',
        uncast('payment_terms_days', payment_terms_days, try_cast(payment_terms_days as integer)),
        uncast('is_active', is_active, as_boolean(is_active))
    ) as _cast_errors,
    _conflict
from mapped.party
