-- one row a project; key: project_id; budget_hours is null where it has no budget
-- reads staging.project
select
    project_id, source, source_key, name, party_id, practice, manager_id, opportunity_id, billing, currency,
    fx_rate, budget_amount, budget_amount_base, budget_hours, starts_on, due_on, ended_on, status
from staging.project
