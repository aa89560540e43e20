-- what is finished and not billed, longest waiting first; key: milestone_id; amount_base in base currency
-- reads marts.billable_milestone
select milestone_id, name, project_name, party_name, practice, completed_on, days_waiting, amount, currency, amount_base
from marts.billable_milestone
where as_of = $as_of
order by days_waiting desc, amount_base desc, milestone_id
