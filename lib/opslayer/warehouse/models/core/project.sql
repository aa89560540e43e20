-- one row a project; key: project_id; budget_hours is null where it has no budget
-- reads staging.project, core.party_alias, core.person_alias
select
    project.project_id, project.source, project.source_key, project.name,
    coalesce(party.party_id, project.party_id) as party_id,
    project.practice,
    coalesce(manager.person_id, project.manager_id) as manager_id,
    project.opportunity_id, project.billing, project.currency, project.fx_rate, project.budget_amount,
    project.budget_amount_base, project.budget_hours, project.starts_on, project.due_on, project.ended_on,
    project.status
from staging.project as project
left join core.party_alias as party on party.alias_id = project.party_id
left join core.person_alias as manager on manager.alias_id = project.manager_id
