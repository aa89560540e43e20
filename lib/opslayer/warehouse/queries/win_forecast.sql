-- the chance that each open deal is won, as last forecast; key: opportunity_id; money in the base currency
-- reads intelligence.win_forecast
select * from intelligence.win_forecast
where as_of = (select max(as_of) from intelligence.win_forecast)
order by win_probability * coalesce(amount_base, 0) desc, opportunity_id
