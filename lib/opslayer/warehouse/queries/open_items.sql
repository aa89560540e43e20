-- receivables open on the snapshot's day; key: invoice_id; money in the document's and in base currency
select as_of, invoice_id, number, party_id, party_name, party_email, issued_on, due_on, days_overdue, bucket,
       currency, total, open_amount, open_base, is_disputed
from marts.open_item
where as_of = $as_of
order by due_on, invoice_id
