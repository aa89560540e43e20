-- one row an opportunity; key: opportunity_id; amount in its currency, amount_base in the firm's; outcome open, won or lost
-- reads staging.opportunity, core.party_alias, core.person_alias
select
    opportunity.opportunity_id, opportunity.source, opportunity.source_key, opportunity.name,
    coalesce(party.party_id, opportunity.party_id) as party_id,
    opportunity.practice, opportunity.kind, opportunity.stage, opportunity.currency, opportunity.fx_rate,
    opportunity.amount, opportunity.amount_base,
    coalesce(owner.person_id, opportunity.owner_id) as owner_id,
    opportunity.created_on, opportunity.expected_close_on, opportunity.closed_on, opportunity.outcome,
    opportunity.channel, opportunity.starts_on, opportunity.weeks
from staging.opportunity as opportunity
left join core.party_alias as party on party.alias_id = opportunity.party_id
left join core.person_alias as owner on owner.alias_id = opportunity.owner_id
