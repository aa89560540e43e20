-- one row a sales invoice; key: invoice_id; total in the document's currency, total_base in the firm's
-- reads staging.invoice
select
    invoice_id, source, source_key, number, party_id, issued_on, due_on, currency, fx_rate, subtotal, tax,
    total, total_base, status, is_disputed, reference, updated_at
from staging.invoice
