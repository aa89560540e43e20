-- one row a invoice still open at the end of as_of; key: as_of, invoice_id; open_base at the document's rate
-- days_overdue is negative before the due date; buckets count days past due
-- reads core.invoice, core.payment, core.party; as_of is bound
with settled as (
    select document_id, sum(amount) as amount, sum(amount_base) as amount_base
    from core.payment
    where direction = 'in' and document_id is not null and paid_on <= $as_of
    group by document_id
),

standing as (
    select
        invoice.*,
        cast(invoice.total - coalesce(settled.amount, 0) as decimal(18, 2)) as open_amount,
        cast(invoice.total_base - coalesce(settled.amount_base, 0) as decimal(18, 2)) as open_base,
        cast($as_of as date) - invoice.due_on as days_overdue
    from core.invoice as invoice
    left join settled on settled.document_id = invoice.invoice_id
    where invoice.issued_on <= $as_of and invoice.status in ('open', 'paid')
)

select
    cast($as_of as date) as as_of, invoice.invoice_id, invoice.number, invoice.party_id,
    party.name as party_name, party.email as party_email, invoice.issued_on, invoice.due_on,
    cast(invoice.days_overdue as integer) as days_overdue,
    case
        when invoice.days_overdue <= 0 then 'current'
        when invoice.days_overdue <= 30 then '1-30'
        when invoice.days_overdue <= 60 then '31-60'
        when invoice.days_overdue <= 90 then '61-90'
        else '90+'
    end as bucket,
    invoice.currency, invoice.total, invoice.open_amount, invoice.open_base, invoice.is_disputed
from standing as invoice
left join core.party as party on party.party_id = invoice.party_id
where invoice.open_amount <> 0
