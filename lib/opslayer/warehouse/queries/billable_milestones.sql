-- milestones that are done and not billed by the books; key: milestone_id; amount in its currency
-- reads marts.billable_milestone
select milestone_id, name, project_id, project_name, practice, party_id, purchase_order, currency, fx_rate, amount,
       amount_base, completed_on
from marts.billable_milestone
where as_of = $as_of
order by project_id, completed_on, milestone_id
