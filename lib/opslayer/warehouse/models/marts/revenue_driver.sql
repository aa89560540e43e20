-- one row a month, basis, client, account, item and currency; key: those columns
-- actual from invoice lines in the month they were issued, budget from its lines (no client)
-- quantity in the item's units, amount in the document's currency, amount_base in the firm's
-- fx_rate: amount_base / amount, the rate the documents had on average
-- reads core.invoice, core.invoice_line, core.budget, core.account; as_of is bound
with line as (
    select
        cast(date_trunc('month', invoice.issued_on) as date) as month, 'actual' as basis,
        coalesce(line.item, line.account_code, '(none)') as item, invoice.party_id, line.account_code,
        invoice.currency, line.quantity, line.amount, line.amount_base
    from core.invoice_line as line
    inner join core.invoice as invoice on invoice.invoice_id = line.invoice_id
    where invoice.status in ('open', 'paid') and invoice.issued_on <= $as_of
    union all
    select
        budget.month, 'budget' as basis, coalesce(budget.item, budget.account_code, '(none)') as item,
        null as party_id, budget.account_code, budget.currency, budget.quantity, budget.amount, budget.amount_base
    from core.budget as budget
    inner join (select distinct code from core.account where section = 'revenue') as account
        on account.code = budget.account_code
    where budget.month <= $as_of
)

select
    month, basis, item, party_id, account_code, currency,
    cast(sum(quantity) as decimal(18, 4)) as quantity,
    case when sum(amount) <> 0 then cast(sum(amount_base) as double) / cast(sum(amount) as double) end as fx_rate,
    cast(sum(amount) as decimal(18, 2)) as amount,
    cast(sum(amount_base) as decimal(18, 2)) as amount_base
from line
group by month, basis, item, party_id, account_code, currency
