-- one row a model and measurement; key: model, metric
-- reads intelligence.scope_backtest; as_of is bound
select * from intelligence.scope_backtest
where as_of = $as_of
order by metric, model
