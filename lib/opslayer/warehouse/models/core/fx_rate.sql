-- one row a currency and day; key: currency, rate_on; rate: base currency for one unit of currency
-- where documents or sources give several rates for a day, the one of the highest key is taken
-- reads staging.fx_rate
select currency, base_currency, rate_on, max_by(rate, source || ':' || source_key) as rate
from staging.fx_rate
group by currency, base_currency, rate_on
