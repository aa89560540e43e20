-- hours that wait for their bill, by project, person, rate and month; rate and amounts in the project's currency
-- reads marts.billable_time
select project_id, project_name, practice, party_id, person_id, person_name, role, billing, cap_amount,
       retainer_amount, purchase_order, billed_before, billed_through, month, period_end, currency, fx_rate, hours, rate
from marts.billable_time
where as_of = $as_of
order by project_id, person_name, person_id, rate, month
