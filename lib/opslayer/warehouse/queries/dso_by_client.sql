-- one row a client with receivables or invoices of the last 90 days, as of the snapshot's day; key: party_id
-- the sums over all clients are the row of that day in marts.dso; amounts in base currency
-- reads core.invoice, core.payment, core.party
with movement as (
    select party_id, issued_on as day, total_base as receivable, total_base as billed
    from core.invoice
    where status in ('open', 'paid') and issued_on <= $as_of
    union all
    select invoice.party_id, payment.paid_on as day, -payment.amount_base as receivable, 0 as billed
    from core.payment as payment
    inner join core.invoice as invoice on invoice.invoice_id = payment.document_id
    where payment.direction = 'in' and invoice.status in ('open', 'paid') and payment.paid_on <= $as_of
        and invoice.issued_on <= $as_of
)

select
    movement.party_id, party.name as party_name, cast($as_of as date) as month_end,
    sum(movement.receivable) as receivable_base,
    coalesce(sum(movement.billed) filter (where movement.day > $as_of - 90), 0) as revenue_90d
from movement
inner join core.party as party on party.party_id = movement.party_id
group by movement.party_id, party.name
having receivable_base <> 0 or revenue_90d <> 0
order by movement.party_id
