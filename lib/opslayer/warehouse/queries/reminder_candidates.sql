-- open sales invoices from $from_days days overdue (negative: before due); key: invoice_id
-- open_base in base currency; overpaid invoices (a negative open amount) are owed by nobody
select invoice_id, number, party_id, party_name, party_email, issued_on, due_on, days_overdue,
       currency, total, open_amount, open_base, is_disputed
from marts.open_item
where as_of = $as_of and open_amount > 0 and days_overdue >= $from_days
order by party_id, due_on, invoice_id
