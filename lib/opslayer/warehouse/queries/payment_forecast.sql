-- when each open invoice is expected to be paid, as last forecast; key: invoice_id; base currency
select
    as_of, invoice_id, party_id, party_name, due_on, open_base, expected_on, lower_50, upper_50, lower_80, upper_80,
    lower_95, upper_95, probability_late, reasons, model, model_version
from intelligence.payment_forecast
where as_of = (select max(as_of) from intelligence.payment_forecast)
order by open_base desc, invoice_id
