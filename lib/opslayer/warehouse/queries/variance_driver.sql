-- what makes the difference of each explained month, as last explained; base currency, profit-signed
select as_of, month, comparison, section, account_code, item, driver, amount_base, model, model_version
from intelligence.variance_driver
where as_of = (select max(as_of) from intelligence.variance_driver)
order by month, comparison, abs(amount_base) desc, section, account_code, item, driver
