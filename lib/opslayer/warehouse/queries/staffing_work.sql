-- one row a client project under way or agreed, with what remains of it; key: project_id; hours, money in base currency
-- eac_hours, lower_80 and upper_80 are of the day's forecast, null without one; price_base is what an hour is sold at
-- reads core.project, core.party, core.person, marts.project_state, intelligence.project_forecast; as_of is bound
select
    project.project_id,
    project.name,
    party.name as party_name,
    project.practice,
    project.manager_id,
    manager.name as manager_name,
    manager.email as manager_email,
    project.starts_on,
    project.due_on,
    project.budget_hours,
    coalesce(state.hours_to_date, 0) as hours_to_date,
    coalesce(state.earned_hours, 0) as earned_hours,
    forecast.eac_hours,
    forecast.lower_80,
    forecast.upper_80,
    cast(project.budget_amount_base / project.budget_hours as decimal(18, 2)) as price_base
from core.project as project
left join core.party as party on party.party_id = project.party_id
left join core.person as manager on manager.person_id = project.manager_id
left join marts.project_state as state on state.project_id = project.project_id
left join intelligence.project_forecast as forecast
    on forecast.project_id = project.project_id and forecast.as_of = $as_of
where (project.ended_on is null or project.ended_on > $as_of)
    and coalesce(project.status, 'active') not in ('completed', 'finished', 'cancelled', 'closed')
    and project.billing not in ('internal', 'bench')
order by project.project_id
