-- milestones that the books have billed and that are not done any more; key: milestone_id
-- reads core.milestone, core.invoice
select milestone.milestone_id
from core.milestone as milestone
where milestone.invoice_id is not null and milestone.status = 'reopened'
order by milestone.milestone_id
