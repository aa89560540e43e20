-- one row a month that has both invoices of practices and revenue in the ledger; key: month; base currency
-- invoiced_base by marts.delivery_month, ledger_base by the revenue accounts: its journals of invoices, of credit notes,
-- and any other; quarantined_base is what the ledger has of invoices and of invoice lines that are set aside;
-- difference is what the invoices of the one are apart from the rest of the other's, null where its journals do not
-- say which of them are invoices
-- reads marts.delivery_month, core.journal_line, core.account, core.time_entry, core.invoice, core.invoice_line,
-- quality.quarantine; as_of is bound
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
booked as (
    select
        line.document_id, cast(date_trunc('month', line.posted_on) as date) as month, -sum(line.amount_base) as amount_base
    from core.journal_line as line
    inner join core.account as account on account.account_id = line.account_id and account.section = 'revenue'
    where line.posted_on <= $as_of and line.document_type = 'invoice'
    group by all
),
lined as (
    select invoice_id, sum(amount) as amount, sum(amount_base) as amount_base from core.invoice_line group by invoice_id
),
aside as (
    select table_name, source || ':' || source_key as aside_id
    from quality.quarantine
    where table_name in ('staging.invoice', 'staging.invoice_line')
    group by all
),
-- an invoice that is set aside is missing whole, one whose line is set aside by that line
missing as (
    select booked.month, booked.amount_base
    from booked
    inner join aside on aside.aside_id = booked.document_id and aside.table_name = 'staging.invoice'
    union all
    select booked.month, booked.amount_base - coalesce(lined.amount_base, 0) as amount_base
    from booked
    inner join core.invoice as invoice on invoice.invoice_id = booked.document_id
    left join lined on lined.invoice_id = invoice.invoice_id
    where abs(invoice.subtotal - coalesce(lined.amount, 0)) > 0.05
        and exists (select 1 from aside where aside.table_name = 'staging.invoice_line')
),
quarantined as (
    select month, sum(amount_base) as amount_base from missing group by month
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
    cast(coalesce(quarantined.amount_base, 0) as decimal(18, 2)) as quarantined_base,
    cast(
        case
            when ledger.invoices_base <> 0
                then invoiced.amount_base - (ledger.invoices_base - coalesce(quarantined.amount_base, 0))
        end as decimal(18, 2)
    ) as difference
from ledger
inner join invoiced on invoiced.month = ledger.month
left join quarantined on quarantined.month = ledger.month
inner join first_time on first_time.month <= ledger.month
