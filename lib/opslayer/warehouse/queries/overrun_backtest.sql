-- one row a model and measure; key: model, metric
-- reads intelligence.overrun_backtest; as_of is bound
select * from intelligence.overrun_backtest where as_of = $as_of order by metric, model
