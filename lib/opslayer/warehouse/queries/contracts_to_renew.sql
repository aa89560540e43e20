-- running work that is paid by time or retainer and ends soon, to who leads it; key: subject
-- amount_base is the budget of the work that ends, in base currency
-- reads core.project, core.contract, core.party, core.opportunity
select
    project.project_id as subject,
    project.name,
    coalesce(project.budget_amount_base, contract.retainer_amount) as amount_base,
    project.manager_id as recipient_id,
    party.name as client,
    project.practice,
    contract.billing,
    project.due_on,
    cast(project.due_on - $as_of as integer) as days_left
from core.project as project
inner join core.contract as contract on contract.project_id = project.project_id
left join core.party as party on party.party_id = project.party_id
where
    project.status = 'active'                                   -- the work is running
    and contract.billing in ('retainer', 'time_and_materials')  -- it is paid by time or retainer
    and project.due_on - $as_of between 0 and $within_days      -- it ends within $within_days days
    and coalesce(project.budget_amount_base, contract.retainer_amount) >= $from_amount  -- it is worth $from_amount or more
    and not exists (
        select 1 from core.opportunity as next                  -- no deal for the same practice is open with the client
        where next.party_id = project.party_id and next.practice = project.practice and next.outcome = 'open'
    )
