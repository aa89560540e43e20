-- one row a supplier's bill; key: bill_id; total in the document's currency, total_base in the firm's
-- reads staging.bill, core.party_alias
select
    bill.bill_id, bill.source, bill.source_key, bill.number,
    coalesce(party.party_id, bill.party_id) as party_id,
    bill.issued_on, bill.due_on, bill.currency, bill.fx_rate, bill.subtotal, bill.tax, bill.total,
    bill.total_base, bill.status, bill.reference, bill.updated_at
from staging.bill as bill
left join core.party_alias as party on party.alias_id = bill.party_id
