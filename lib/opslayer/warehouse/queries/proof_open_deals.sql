-- one row: what the open deals are worth; base currency, by another way than the page's
select sum(deal.amount_base) as value
from core.opportunity as deal
inner join intelligence.win_forecast as forecast on forecast.opportunity_id = deal.opportunity_id
where forecast.as_of = (select max(as_of) from intelligence.win_forecast)
