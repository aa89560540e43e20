-- one row a milestone; key: milestone_id; amount in its currency, amount_base in the firm's
-- reads staging.milestone
select
    milestone_id, source, source_key, project_id, name, currency, fx_rate, amount, amount_base, due_on,
    completed_on, status, invoice_id
from staging.milestone
