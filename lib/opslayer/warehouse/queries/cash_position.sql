-- balance of each bank account on the snapshot's day; key: account_id; base currency
select as_of, account_id, account_name, balance_base
from marts.cash_position
order by balance_base desc, account_id
