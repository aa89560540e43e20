-- one row a payment; key: payment_id; each paid invoice in full on its due day, or on as_of where that is sooner
-- reads invoice
select
    'R' || invoice_id as payment_id,
    party_id,
    'in' as direction,
    'payment' as kind,
    invoice_id as document_id,
    least(due_on, $as_of) as paid_on,
    currency,
    fx_rate,
    total as amount
from invoice
where status = 'paid'
