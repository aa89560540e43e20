-- one row a supplier's bill; key: bill_id; total in the document's currency, total_base in the firm's
-- reads staging.bill
select
    bill_id, source, source_key, number, party_id, issued_on, due_on, currency, fx_rate, subtotal, tax,
    total, total_base, status, reference, updated_at
from staging.bill
