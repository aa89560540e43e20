-- one row: revenue of the 18 months to the last closed; base currency, by another way than the page's
select sum(amount_base) as value
from marts.pnl_month
where section = 'revenue' and month > (select max(month) from marts.pnl_comparison) - interval 18 month
