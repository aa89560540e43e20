-- one row a payment or credit; key: payment_id; document_id null where it stands on account
-- amount in the document's currency, amount_base in the firm's at the document's rate
-- reads staging.payment, core.party_alias
select
    payment.payment_id, payment.source, payment.source_key,
    coalesce(party.party_id, payment.party_id) as party_id,
    payment.direction, payment.kind, payment.document_id, payment.paid_on, payment.currency, payment.fx_rate,
    payment.amount, payment.amount_base
from staging.payment as payment
left join core.party_alias as party on party.alias_id = payment.party_id
