-- one row a milestone that is done and that no invoice of the books bills; key: milestone_id
-- amount in its currency, amount_base in the firm's; one reopened is not done, whatever day it bears, and one that
-- is done without a day is taken as done when it was due
-- reads core.milestone, core.project, core.party, core.contract; as_of is bound
with
terms as (
    select
        project_id,
        min(billing) as billing,
        min(purchase_order) as purchase_order
    from core.contract
    group by project_id
)
select
    $as_of as as_of,
    milestone.milestone_id,
    milestone.name,
    milestone.project_id,
    project.name as project_name,
    project.practice,
    project.party_id,
    party.name as party_name,
    coalesce(terms.billing, project.billing) as billing,
    terms.purchase_order,
    milestone.currency,
    milestone.fx_rate,
    milestone.amount,
    milestone.amount_base,
    coalesce(milestone.completed_on, milestone.due_on, $as_of) as completed_on,
    cast($as_of - coalesce(milestone.completed_on, milestone.due_on, $as_of) as bigint) as days_waiting
from core.milestone as milestone
inner join core.project as project on project.project_id = milestone.project_id
left join core.party as party on party.party_id = project.party_id
left join terms on terms.project_id = milestone.project_id
where
    milestone.status = 'done' and coalesce(milestone.completed_on, milestone.due_on, $as_of) <= $as_of
    and milestone.invoice_id is null and milestone.amount > 0
