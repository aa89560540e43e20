-- one row a day and client that was invoiced; key: day, party_id; what was invoiced without tax, in the base currency
-- on the basis of the profit and loss: lines of open and paid invoices on the day they were issued
-- reads core.invoice, core.invoice_line; as_of is bound
select
    invoice.issued_on as day,
    coalesce(invoice.party_id, '(none)') as party_id,
    cast(sum(line.amount_base) as decimal(18, 2)) as amount_base
from core.invoice_line as line
inner join core.invoice as invoice on invoice.invoice_id = line.invoice_id
where invoice.status in ('open', 'paid') and invoice.issued_on <= $as_of
group by invoice.issued_on, coalesce(invoice.party_id, '(none)')
