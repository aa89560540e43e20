-- one row a client or supplier; key: party_id
-- reads staging.party
select party_id, source, source_key, name, email, kind, currency, payment_terms_days, is_active
from staging.party
