-- quantities, rates and amounts that revenue is made of; key: month, basis, item, party_id, account_code, currency
select month, basis, item, party_id, account_code, currency, quantity, fx_rate, amount, amount_base
from marts.revenue_driver
order by month, basis, account_code, item, party_id, currency
