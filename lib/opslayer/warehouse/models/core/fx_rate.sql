-- one row a currency and day; key: currency, rate_on; rate: base currency for one unit of currency
-- where two sources give a rate for a day, the highest source name is taken
-- reads staging.fx_rate
select currency, base_currency, rate_on, max_by(rate, source) as rate
from staging.fx_rate
group by currency, base_currency, rate_on
