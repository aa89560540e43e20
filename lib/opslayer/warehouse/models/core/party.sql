-- one row a client or supplier, under the key it has in the source that stands first in firm.toml; key: party_id
-- what that source does not say is taken from the next that names the party
-- reads staging.party, core.party_alias; sources is bound
with placed as (
    select
        party.name, party.email, party.website, party.phone, party.tax_id, party.bank_account, party.kind, party.currency,
        party.payment_terms_days, party.is_active, party.source, party.source_key,
        coalesce(alias.party_id, party.party_id) as party_id,
        row_number() over (
            partition by coalesce(alias.party_id, party.party_id)
            order by (alias.party_id is not null), list_position($sources, party.source), party.source_key
        ) as place
    from staging.party as party
    left join core.party_alias as alias on alias.alias_id = party.party_id
)

select
    party_id,
    min_by(source, place) as source,
    min_by(source_key, place) as source_key,
    min_by(name, place) as name,
    min_by(email, place) as email,
    min_by(website, place) as website,
    min_by(phone, place) as phone,
    min_by(tax_id, place) as tax_id,
    min_by(bank_account, place) as bank_account,
    coalesce(min_by(nullif(kind, 'unknown'), place), 'unknown') as kind,
    min_by(currency, place) as currency,
    min_by(payment_terms_days, place) as payment_terms_days,
    min_by(is_active, place) as is_active
from placed
group by party_id
