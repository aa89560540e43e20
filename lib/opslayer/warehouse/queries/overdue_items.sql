-- receivables past due on the snapshot's day; key: invoice_id; longest overdue first
select number, party_name, issued_on, due_on, days_overdue, currency, open_amount, open_base, is_disputed
from marts.open_item
where days_overdue > 0
order by days_overdue desc, open_base desc, number
