-- one row an opportunity that is open; key: opportunity_id
-- reads core.opportunity
select opportunity_id, name, party_id, practice, stage, expected_close_on
from core.opportunity
where outcome = 'open'
order by opportunity_id
