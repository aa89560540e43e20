-- what was worked and billed a month, practice, client and project, with their names; hours, base currency
-- key: month, practice, party_id, project_id
select
    month.month, month.practice, month.party_id, party.name as party_name, month.project_id, project.name as project_name,
    month.hours, month.billable_hours, month.overrun_hours, month.list_value_base, month.booked_value_base,
    month.cost_base, month.billed_hours, month.billed_base, month.fx_base, month.milestone_moved_base
from marts.delivery_month as month
left join core.party as party on party.party_id = month.party_id
left join core.project as project on project.project_id = month.project_id
order by month.month, month.practice, month.party_id, month.project_id
