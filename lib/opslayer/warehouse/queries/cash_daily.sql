-- cash by day on which it moved; key: day; base currency
select day, balance_base, inflow, outflow
from marts.cash_daily
order by day
