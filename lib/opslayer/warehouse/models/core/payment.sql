-- one row a payment or credit; key: payment_id; document_id null where it stands on account
-- amount in the document's currency, amount_base in the firm's at the document's rate
-- reads staging.payment
select
    payment_id, source, source_key, party_id, direction, kind, document_id, paid_on, currency, fx_rate, amount,
    amount_base
from staging.payment
