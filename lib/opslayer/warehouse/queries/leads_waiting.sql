-- open deals that have not left their first stage, to the client; key: subject
-- amount_base in base currency; days since it entered the stage
-- chance is the latest score of the lead; a person's stands where one was given
-- reads marts.opportunity_history, intelligence.lead_score
select
    deal.opportunity_id as subject,
    deal.name,
    deal.amount_base,
    deal.party_id as recipient_id,
    deal.party_name as client,
    deal.practice,
    deal.stage,
    deal.stage_entered_on,
    cast($as_of - deal.stage_entered_on as integer) as days,
    coalesce(score.probability_by_person, score.probability) as chance,
    score.reasons as chance_reasons
from marts.opportunity_history as deal
left join intelligence.lead_score as score
    on score.opportunity_id = deal.opportunity_id
    and score.as_of = (select max(as_of) from intelligence.lead_score)
where
    deal.known_until is null                            -- the deal is open
    and deal.stage = $stage                             -- it is in the stage $stage
    and $as_of - deal.stage_entered_on <= $at_most      -- it came in within the last $at_most days
