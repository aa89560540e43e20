-- one row a currency with its latest rate by as_of: base currency for one of it; key: currency
-- reads core.fx_rate; as_of and base_currency are bound
select currency, arg_max(rate, rate_on) as rate
from core.fx_rate
where rate_on <= $as_of and currency <> $base_currency
group by currency
union all
select $base_currency as currency, 1 as rate
order by currency
