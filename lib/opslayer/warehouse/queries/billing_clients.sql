-- whom invoices go to: name, address, tax id, bank account, terms; key: party_id; $party_ids is a JSON list of them
-- reads core.party, core.billing_address
with asked as (
    select unnest(from_json($party_ids, '["VARCHAR"]')) as party_id
),
address as (
    select * from core.billing_address
    qualify row_number() over (partition by party_id order by billing_address_id) = 1
)
select
    party.party_id, coalesce(address.name, party.name) as name, coalesce(address.email, party.email) as email,
    party.payment_terms_days, address.street, address.postcode, address.city, address.country,
    coalesce(address.tax_id, upper(replace(party.tax_id, ' ', ''))) as tax_id, party.bank_account
from core.party as party
inner join asked on asked.party_id = party.party_id
left join address on address.party_id = party.party_id
order by party.party_id
