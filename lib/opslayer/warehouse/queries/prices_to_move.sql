-- open deals that another price would make worth more, to who owns them; key: subject
-- amount_base is what chance times margin gains by it, in base currency
-- reads intelligence.price_recommendation, core.opportunity
select
    price.opportunity_id as subject,
    price.name,
    price.recommended_expected_base - price.expected_base as amount_base,
    opportunity.owner_id as recipient_id,
    price.party_name as client,
    price.stage,
    price.amount_base as price_base,
    price.recommended_base,
    price.win_probability,
    price.recommended_probability,
    price.reasons
from intelligence.price_recommendation as price
inner join core.opportunity as opportunity on opportunity.opportunity_id = price.opportunity_id
where
    price.as_of = (select max(as_of) from intelligence.price_recommendation)    -- it is of the last day that was looked at
    and opportunity.outcome = 'open'                                            -- the deal is open
    and price.is_moved                                                          -- another price is recommended
    and price.recommended_expected_base - price.expected_base >= $from_amount   -- it gains $from_amount or more
