-- one row a place a client's invoices go to; key: billing_address_id; country as ISO 3166-1 alpha-2
-- reads staging.billing_address, core.party_alias
select
    address.billing_address_id, address.source, address.source_key,
    coalesce(alias.party_id, address.party_id) as party_id,
    address.name, address.street, address.postcode, address.city, address.country, address.tax_id, address.email
from staging.billing_address as address
left join core.party_alias as alias on alias.alias_id = address.party_id
