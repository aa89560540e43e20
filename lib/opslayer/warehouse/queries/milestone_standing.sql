-- how given milestones stand; key: milestone_id; $milestone_ids is a JSON list of them
-- invoice_number is of the invoice by which the books bill it, where they do
-- reads core.milestone, core.project, core.invoice
with asked as (
    select unnest(from_json($milestone_ids, '["VARCHAR"]')) as milestone_id
)
select
    milestone.milestone_id, milestone.name, milestone.project_id, project.name as project_name, project.practice,
    project.party_id, milestone.status, milestone.completed_on, milestone.currency, milestone.fx_rate,
    milestone.amount, milestone.invoice_id, invoice.number as invoice_number, invoice.issued_on
from core.milestone as milestone
inner join asked on asked.milestone_id = milestone.milestone_id
left join core.project as project on project.project_id = milestone.project_id
left join core.invoice as invoice on invoice.invoice_id = milestone.invoice_id
order by milestone.milestone_id
