-- open deals whose expected close has passed, to who owns them; key: subject
-- amount_base in base currency; days past the close
-- reads marts.opportunity_history, core.opportunity
select
    deal.opportunity_id as subject,
    deal.name,
    deal.amount_base,
    opportunity.owner_id as recipient_id,
    deal.party_name as client,
    deal.stage,
    deal.expected_close_on,
    cast($as_of - deal.expected_close_on as integer) as days_past,
    deal.slips
from marts.opportunity_history as deal
inner join core.opportunity as opportunity on opportunity.opportunity_id = deal.opportunity_id
where
    deal.known_until is null                                -- the deal is open
    and $as_of - deal.expected_close_on >= $from_days       -- its expected close passed $from_days days ago or more
