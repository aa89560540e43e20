-- one row a journal line; key: journal_line_id; three an invoice, two a payment, two a bill; in EUR, debit positive
-- reads invoice, payment, bill
with line as (
    select
        'JI' || invoice_id as journal_id, unnest([1, 2, 3]) as part, issued_on as posted_on, 'invoice' as document_type,
        invoice_id as document_id, unnest(['1200', '4000', '2200']) as account_code,
        unnest([
            round(total * fx_rate, 2), round(tax * fx_rate, 2) - round(total * fx_rate, 2), -round(tax * fx_rate, 2)
        ]) as amount
    from invoice
    union all
    select
        'JR' || document_id, unnest([1, 2]), paid_on, 'receipt', document_id, unnest(['1000', '1200']),
        unnest([round(amount * fx_rate, 2), -round(amount * fx_rate, 2)])
    from payment
    union all
    select
        'JB' || bill_id, unnest([1, 2]), issued_on, 'bill', bill_id, unnest(['6000', '2000']), unnest([total, -total])
    from bill
)

select
    journal_id || '/' || part as journal_line_id, journal_id, journal_id as journal_number, posted_on,
    cast(posted_on as timestamptz) as created_at, account_code, 'posted by the system' as description,
    cast(amount as decimal(18, 2)) as amount, document_type, document_id
from line
