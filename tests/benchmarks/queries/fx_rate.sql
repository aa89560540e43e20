-- one row a currency and day; key: currency, rate_on
select c.currency, $as_of - cast(d.i as integer) as rate_on, c.rate
from (values ('USD', 0.9), ('GBP', 1.15)) as c (currency, rate)
cross join range(1095) as d (i)
