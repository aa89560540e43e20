-- profit and loss by month and account; key: month, account_id; profit-signed, base currency
select month, section, account_id, account_code, account_name, amount_base, is_closed
from marts.pnl_month
order by month, account_code
