-- months of which a driver lies far from what it is in the others, as last found; key: month, driver; base currency
select as_of, month, driver, amount_base, usual_base, score, reasons, model, model_version
from intelligence.margin_unusual
where as_of = (select max(as_of) from intelligence.margin_unusual)
order by month desc, score desc
