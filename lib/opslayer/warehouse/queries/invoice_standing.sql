-- how given invoices stand on the snapshot's day; key: invoice_id; $invoice_ids is a JSON list of them
-- open_amount, paid and credited in the document's currency; settled_on is the day the last of it was settled
-- reads core.invoice, core.party, core.payment
with asked as (
    select unnest(from_json($invoice_ids, '["VARCHAR"]')) as invoice_id
),

settled as (
    select
        payment.document_id as invoice_id,
        sum(payment.amount) filter (where payment.kind = 'payment') as paid,
        sum(payment.amount) filter (where payment.kind = 'credit') as credited,
        max(payment.paid_on) as settled_on
    from core.payment as payment
    inner join asked on asked.invoice_id = payment.document_id
    where payment.direction = 'in' and payment.paid_on <= $as_of
    group by payment.document_id
)

select
    invoice.invoice_id, invoice.status, invoice.is_disputed, party.email as party_email, invoice.total_base,
    cast(invoice.total - coalesce(settled.paid, 0) - coalesce(settled.credited, 0) as decimal(18, 2))
        as open_amount,
    cast(coalesce(settled.paid, 0) as decimal(18, 2)) as paid,
    cast(coalesce(settled.credited, 0) as decimal(18, 2)) as credited,
    settled.settled_on
from core.invoice as invoice
inner join asked on asked.invoice_id = invoice.invoice_id
left join core.party as party on party.party_id = invoice.party_id
left join settled on settled.invoice_id = invoice.invoice_id
order by invoice.invoice_id
