-- how right the win model has been beside stage weights, as last measured; key: model, metric, bucket
-- reads intelligence.win_backtest
select * from intelligence.win_backtest
where as_of = (select max(as_of) from intelligence.win_backtest)
order by model, metric, bucket
