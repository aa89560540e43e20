-- each month's profit and loss by account beside budget and earlier months; key: month, section, account_code
-- profit-signed, base currency
select month, section, account_code, account_name, actual, budget, prior_month, prior_year, against_budget, against_prior
from marts.pnl_comparison
order by month, section, account_code
