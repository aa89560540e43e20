-- one row a place a client's invoices go to; key: billing_address_id; country as ISO 3166-1 alpha-2
-- reads mapped.billing_address
select
    source || ':' || source_key as billing_address_id,
    source,
    source_key,
    coalesce(party_source, source) || ':' || party_key as party_id,
    nullif(trim(name), '') as name,
    nullif(trim(street), '') as street,
    nullif(trim(postcode), '') as postcode,
    nullif(trim(city), '') as city,
    upper(nullif(trim(country), '')) as country,
    upper(nullif(replace(replace(tax_id, ' ', ''), '.', ''), '')) as tax_id,
    nullif(trim(email), '') as email,
    '' as _cast_errors,
    _conflict
from mapped.billing_address
