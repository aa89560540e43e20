-- how each client has paid; key: party_id; days from due to paid; base currency
select
    as_of, party_id, party_name, invoices_paid, mean_days_late, median_days_late, share_late, last_paid_on,
    billed_base_12m, open_base
from marts.payment_behaviour
order by open_base desc, party_id
