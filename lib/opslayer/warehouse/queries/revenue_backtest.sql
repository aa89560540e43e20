-- what was said of past spans of three months, and what they came to; key: quarter_end, horizon_weeks, model
-- reads intelligence.revenue_backtest
select * from intelligence.revenue_backtest
where as_of = (select max(as_of) from intelligence.revenue_backtest)
order by quarter_end, horizon_weeks, model
