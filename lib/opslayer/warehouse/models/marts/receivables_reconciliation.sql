-- one row; key: as_of; the receivables control account against open invoices, in the firm's currency
-- control = open - unapplied + quarantined + difference: unapplied is what receipts and credit notes cleared in
-- the ledger beyond what is set against invoices, quarantined what the ledger has of invoices that are set aside;
-- the difference is then documents against the ledger, and may be rounding only: each document rounds by half a
-- cent at most, either way, so that n of them stray by some 0.003 * sqrt(n); six times that is allowed
-- reads core.journal_line, core.account, core.invoice, core.payment, quality.quarantine, marts.open_item;
-- as_of is bound
with ledger as (
    select
        coalesce(sum(line.amount_base), 0) as control_balance,
        coalesce(-sum(line.amount_base) filter (where line.document_type in ('receipt', 'credit_note')), 0) as received_base
    from core.journal_line as line
    inner join core.account as account on account.account_id = line.account_id
    where account.role = 'receivable' and line.posted_on <= $as_of
),

aside as (
    select distinct source || ':' || source_key as invoice_id
    from quality.quarantine
    where table_name = 'staging.invoice'
),

quarantined as (
    select coalesce(sum(line.amount_base), 0) as quarantined_base
    from core.journal_line as line
    inner join core.account as account on account.account_id = line.account_id
    inner join aside on aside.invoice_id = line.document_id
    where account.role = 'receivable' and line.document_type = 'invoice' and line.posted_on <= $as_of
),

documents as (
    select count(*) as documents
    from core.invoice
    where issued_on <= $as_of and status in ('open', 'paid')
),

settled as (
    select coalesce(sum(payment.amount_base), 0) as settled_base, count(*) as payments
    from core.payment as payment
    inner join core.invoice as invoice on invoice.invoice_id = payment.document_id
    where payment.direction = 'in' and payment.paid_on <= $as_of and invoice.issued_on <= $as_of
        and invoice.status in ('open', 'paid')
),

open_items as (
    select coalesce(sum(open_base), 0) as open_base
    from marts.open_item
)

select
    cast($as_of as date) as as_of,
    cast(ledger.control_balance as decimal(18, 2)) as control_balance,
    cast(open_items.open_base as decimal(18, 2)) as open_base,
    cast(ledger.received_base - settled.settled_base as decimal(18, 2)) as unapplied_base,
    cast(quarantined.quarantined_base as decimal(18, 2)) as quarantined_base,
    cast(documents.documents as bigint) as documents,
    cast(
        ledger.control_balance - open_items.open_base + (ledger.received_base - settled.settled_base)
        - quarantined.quarantined_base
        as decimal(18, 2)
    ) as difference,
    cast(0.05 + 0.02 * sqrt(documents.documents + settled.payments) as decimal(18, 2)) as tolerance
from ledger
cross join quarantined
cross join documents
cross join settled
cross join open_items
