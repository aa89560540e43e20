-- one row a deal of the last forecast before as_of, as it had it, with what has become of it; key: opportunity_id
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
    deal.channel,
    case when deal.outcome in ('won', 'lost') then deal.outcome end as outcome
from intelligence.win_forecast as forecast
left join core.opportunity as deal on deal.opportunity_id = forecast.opportunity_id
where forecast.as_of = (select max(as_of) from intelligence.win_forecast where as_of < $as_of)
order by forecast.opportunity_id
