-- whether given invoices of a subject were all paid by a day, and what came in for them; key: subject
-- $asked is a JSON list of subject, invoice_id, first_day, last_day; money in base currency
-- days is until the last of them was paid, and until the last day where one was not
-- what was written off by a credit note is no payment; an invoice that left the books was not paid
-- reads core.invoice, core.payment
with asked as (
    select unnest(
        from_json(
            $asked,
            '[{"subject": "VARCHAR", "invoice_id": "VARCHAR", "first_day": "DATE", "last_day": "DATE"}]'
        ),
        recursive := true
    )
),

standing as (
    select
        asked.subject, asked.invoice_id, asked.first_day, asked.last_day,
        any_value(invoice.total) as total,
        any_value(invoice.status) as status,
        coalesce(sum(payment.amount), 0) as settled,
        coalesce(sum(payment.amount) filter (where payment.kind = 'payment'), 0) as paid,
        coalesce(
            sum(payment.amount_base)
                filter (where payment.kind = 'payment' and payment.paid_on > asked.first_day),
            0
        ) as paid_base,
        max(payment.paid_on) as paid_on
    from asked
    left join core.invoice as invoice on invoice.invoice_id = asked.invoice_id
    left join core.payment as payment
        on payment.document_id = asked.invoice_id
        and payment.direction = 'in'
        and payment.paid_on <= asked.last_day
        and payment.paid_on <= $as_of
    group by asked.subject, asked.invoice_id, asked.first_day, asked.last_day
),

judged as (
    select
        *,
        coalesce(status <> 'void' and settled >= total and paid > 0, false) as is_paid
    from standing
)

select
    subject,
    bool_and(is_paid) as is_settled,
    max(
        case when is_paid then greatest(date_diff('day', first_day, paid_on), 0)
        else date_diff('day', first_day, last_day) end
    ) as days,
    cast(sum(paid_base) as decimal(18, 2)) as paid_base
from judged
group by subject
order by subject
