-- one row a month that has both invoices of practices and revenue in the ledger; key: month; base currency
-- invoiced_base by marts.delivery_month, ledger_base by the revenue accounts: its journals of invoices, of credit notes,
-- and any other; difference is what the invoices of the one are apart from those of the other, null where its journals
-- do not say which of them are invoices
-- reads marts.delivery_month, core.journal_line, core.account, core.time_entry; as_of is bound
with
invoiced as (
    select month, sum(billed_base) as amount_base
    from marts.delivery_month
    group by month
    having sum(billed_base) <> 0
),
ledger as (
    select
        cast(date_trunc('month', line.posted_on) as date) as month,
        -sum(line.amount_base) as amount_base,
        -coalesce(sum(line.amount_base) filter (where line.document_type = 'invoice'), 0) as invoices_base,
        -coalesce(sum(line.amount_base) filter (where line.document_type = 'credit_note'), 0) as credit_notes_base
    from core.journal_line as line
    inner join core.account as account on account.account_id = line.account_id and account.section = 'revenue'
    where line.posted_on <= $as_of
    group by date_trunc('month', line.posted_on)
),
-- revenue by practice is asked for where time is kept
first_time as (
    select cast(date_trunc('month', min(worked_on)) as date) as month from core.time_entry
)
select
    ledger.month,
    cast(invoiced.amount_base as decimal(18, 2)) as invoiced_base,
    cast(ledger.invoices_base as decimal(18, 2)) as ledger_invoices_base,
    cast(ledger.credit_notes_base as decimal(18, 2)) as credit_notes_base,
    cast(ledger.amount_base - ledger.invoices_base - ledger.credit_notes_base as decimal(18, 2)) as other_base,
    cast(ledger.amount_base as decimal(18, 2)) as ledger_base,
    cast(case when ledger.invoices_base <> 0 then invoiced.amount_base - ledger.invoices_base end as decimal(18, 2))
        as difference
from ledger
inner join invoiced on invoiced.month = ledger.month
inner join first_time on first_time.month <= ledger.month
