-- how right the payment model and its baseline were at past days; key: origin, model, horizon_weeks, metric
select as_of, origin, model, horizon_weeks, metric, value, invoices, model_version
from intelligence.cash_backtest
where as_of = (select max(as_of) from intelligence.cash_backtest)
order by origin, model, horizon_weeks, metric
