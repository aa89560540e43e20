-- one row a sales invoice issued by as_of and not void; key: as_of, invoice_id; what was known on as_of
-- paid_on is the day the last of it was paid, null while any of it is open; total_base in the firm's currency
-- reads core.invoice, core.payment; as_of is bound
with settled as (
    select document_id, sum(amount) as amount, max(paid_on) as paid_on
    from core.payment
    where direction = 'in' and document_id is not null and paid_on <= $as_of
    group by document_id
)

select
    cast($as_of as date) as as_of, invoice.invoice_id, invoice.party_id, invoice.issued_on, invoice.due_on,
    case when settled.amount >= invoice.total then settled.paid_on end as paid_on,
    invoice.currency, invoice.total_base,
    cast(case when settled.amount >= invoice.total then settled.paid_on - invoice.issued_on end as integer)
        as days_to_pay,
    cast(case when settled.amount >= invoice.total then settled.paid_on - invoice.due_on end as integer)
        as days_late
from core.invoice as invoice
left join settled on settled.document_id = invoice.invoice_id
where invoice.issued_on <= $as_of and invoice.status in ('open', 'paid') and invoice.total > 0
