-- one row a sales invoice; key: invoice_id; total in the document's currency, total_base in the firm's
-- reads staging.invoice, core.party_alias
select
    invoice.invoice_id, invoice.source, invoice.source_key, invoice.number,
    coalesce(party.party_id, invoice.party_id) as party_id,
    invoice.issued_on, invoice.due_on, invoice.currency, invoice.fx_rate, invoice.subtotal, invoice.tax,
    invoice.total, invoice.total_base, invoice.status, invoice.is_disputed, invoice.reference,
    invoice.updated_at
from staging.invoice as invoice
left join core.party_alias as party on party.alias_id = invoice.party_id
