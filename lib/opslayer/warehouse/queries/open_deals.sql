-- one row a deal that is open, with its chance and when it will be decided; key: opportunity_id; money in base currency
-- start_lag: days from the close to the start of the work, null where one of the two was not said
-- reads intelligence.win_forecast, core.opportunity; as_of is bound
select
    forecast.opportunity_id,
    forecast.name,
    forecast.party_id,
    forecast.party_name,
    forecast.practice,
    forecast.stage,
    forecast.amount_base,
    forecast.win_probability,
    forecast.close_earliest,
    forecast.close_on,
    forecast.close_latest,
    cast(deal.starts_on - deal.expected_close_on as integer) as start_lag,
    deal.weeks,
    deal.channel
from intelligence.win_forecast as forecast
left join core.opportunity as deal on deal.opportunity_id = forecast.opportunity_id
where forecast.as_of = $as_of
order by forecast.opportunity_id
