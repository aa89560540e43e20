-- one row a month end up to as_of, and as_of itself; key: as_of, month_end; days sales outstanding over a
-- window of 90 days: receivables / sales invoiced in the window * 90; null where nothing was invoiced
-- reads core.invoice, core.payment; as_of is bound
with first_day as (
    select min(issued_on) as day
    from core.invoice
    where status in ('open', 'paid')
),

ends as (
    select cast(last_day(cast(month as date)) as date) as day
    from first_day
    cross join unnest(generate_series(date_trunc('month', first_day.day), $as_of, interval 1 month)) as months (month)
    where last_day(cast(month as date)) < $as_of
    union
    select cast($as_of as date) as day
),

movement as (
    select issued_on as day, total_base as receivable, total_base as billed
    from core.invoice
    where status in ('open', 'paid') and issued_on <= $as_of
    union all
    select payment.paid_on as day, -payment.amount_base as receivable, 0 as billed
    from core.payment as payment
    inner join core.invoice as invoice on invoice.invoice_id = payment.document_id
    where payment.direction = 'in' and invoice.status in ('open', 'paid') and payment.paid_on <= $as_of
        and invoice.issued_on <= $as_of
),

daily as (
    select day, sum(receivable) as receivable, sum(billed) as billed
    from movement
    group by day
),

measured as (
    select
        ends.day as month_end,
        sum(daily.receivable) as receivable_base,
        sum(daily.billed) filter (where daily.day > ends.day - 90) as revenue_90d
    from ends
    inner join daily on daily.day <= ends.day
    group by ends.day
)

select
    cast($as_of as date) as as_of, month_end,
    cast(receivable_base as decimal(18, 2)) as receivable_base,
    cast(coalesce(revenue_90d, 0) as decimal(18, 2)) as revenue_90d,
    case when revenue_90d > 0 then cast(receivable_base as double) / cast(revenue_90d as double) * 90 end
        as dso_days
from measured
