-- one row a deal that was open, with its chance and when it will be decided, as the last win forecast from $since to
-- $until had it; key: opportunity_id; money in base currency
-- start_lag: days from the close to the start of the work, null where one of the two was not said
-- outcome: what has become of it since, null where it is open yet
-- reads intelligence.win_forecast, core.opportunity; since and until are bound
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
    deal.channel,
    case when deal.outcome in ('won', 'lost') then deal.outcome end as outcome
from intelligence.win_forecast as forecast
left join core.opportunity as deal on deal.opportunity_id = forecast.opportunity_id
where forecast.as_of = (select max(as_of) from intelligence.win_forecast where as_of between $since and $until)
order by forecast.opportunity_id
