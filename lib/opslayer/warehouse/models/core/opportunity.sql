-- one row an opportunity; key: opportunity_id; amount in its currency, amount_base in the firm's; outcome open, won or lost
-- reads staging.opportunity
select
    opportunity_id, source, source_key, name, party_id, practice, kind, stage, currency, fx_rate, amount,
    amount_base, owner_id, created_on, expected_close_on, closed_on, outcome, channel, starts_on, weeks
from staging.opportunity
