-- one row: expected money over the budgets of running projects; base currency; null before a forecast
select cast(sum(money_at_risk_base) as double) as value, null::double as previous
from intelligence.project_forecast
where as_of = $as_of
