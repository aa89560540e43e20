-- one row a client's project that had begun by as_of or was won by then; key: project_id; money in the base currency
-- reads core.project, core.party
select
    project.project_id, project.name, project.party_id, party.name as party_name, project.practice, project.billing,
    project.opportunity_id, project.budget_amount_base, project.starts_on, project.due_on,
    case when project.ended_on <= $as_of then project.ended_on end as ended_on
from core.project as project
left join core.party as party on party.party_id = project.party_id
where project.billing not in ('internal', 'bench')
order by project.project_id
