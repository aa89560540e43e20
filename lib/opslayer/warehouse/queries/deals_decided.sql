-- deals decided in the last 91 days, the newest first; key: opportunity_id; money in the base currency
-- reads marts.opportunity_history; as_of is bound
select opportunity_id, name, party_name, practice, channel, stage, amount_base, outcome, closed_on
from marts.opportunity_history
where closed_on > $as_of - 91
qualify row_number() over (partition by opportunity_id order by known_from desc) = 1
order by closed_on desc, opportunity_id
