-- every invoice issued by the snapshot's day, with its payment where there is one; key: invoice_id
-- what the payment model learns from
select invoice_id, party_id, issued_on, due_on, paid_on, currency, total_base, days_to_pay, days_late
from marts.payment_history
where as_of = $as_of
order by issued_on, invoice_id
