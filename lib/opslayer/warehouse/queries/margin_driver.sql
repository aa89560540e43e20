-- what makes the difference of each explained month against plan, as last explained; base currency, profit-signed
select
    as_of, month, practice, party_id, party_name, project_id, project_name, measure, driver, amount_base, model,
    model_version
from intelligence.margin_driver
where as_of = (select max(as_of) from intelligence.margin_driver)
order by month, measure, abs(amount_base) desc, practice, party_id, project_id, driver
