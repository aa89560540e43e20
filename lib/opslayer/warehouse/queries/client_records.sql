-- country and bank account of every client, as it stands in their records; key: party_id
-- reads core.party, core.billing_address
select party.party_id, address.country, party.bank_account
from core.party as party
left join (
    select party_id, country
    from core.billing_address
    qualify row_number() over (partition by party_id order by billing_address_id) = 1
) as address on address.party_id = party.party_id
order by party.party_id
