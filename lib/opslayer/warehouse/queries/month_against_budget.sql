-- revenue of the last closed month by account beside its budget, largest first; key: account_code; base currency
-- reads marts.pnl_comparison, marts.pnl_month
select month, account_code, account_name, actual, budget
from marts.pnl_comparison
where section = 'revenue' and month = (
    select max(month) from marts.pnl_comparison
    where section = 'revenue' and month in (select month from marts.pnl_month where is_closed)
)
order by actual desc nulls last, account_code
