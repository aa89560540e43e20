-- open deals whose expected close has passed, the longest first; key: opportunity_id; money in the base currency
-- reads marts.opportunity_history; as_of is bound
select opportunity_id, name, party_name, stage, amount_base, expected_close_on, slips
from marts.opportunity_history
where known_until is null and expected_close_on < $as_of
order by expected_close_on, opportunity_id
