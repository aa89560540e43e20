-- clients with trouble on a running project, worst first; key: party_id, project_id, trouble
-- a project is named as heading over its budget by at least $from_amount of base currency (or of unknown worth),
-- has a milestone that was reopened, or is more than two weeks late
-- reads core.project, core.person, core.milestone, intelligence.project_forecast; as_of is bound
with
trouble as (
    select forecast.project_id, 1 as place, 'is heading over its budget' as trouble
    from intelligence.project_forecast as forecast
    where
        forecast.as_of = $as_of and forecast.is_named
        and coalesce(forecast.money_at_risk_base >= cast($from_amount as decimal(18, 2)), true)
    union all
    select milestone.project_id, 2 as place, 'has a milestone that was reopened' as trouble
    from core.milestone as milestone
    where milestone.status = 'reopened'
    group by milestone.project_id
    union all
    select project.project_id, 3 as place, 'is late: it was due on ' || strftime(project.due_on, '%-d %B %Y') as trouble
    from core.project as project
    where project.status = 'active' and project.ended_on is null and project.due_on < $as_of - 14
)
select
    project.party_id, project.project_id, project.name as project_name, manager.name as manager_name,
    trouble.trouble
from trouble
inner join core.project as project on project.project_id = trouble.project_id
left join core.person as manager on manager.person_id = project.manager_id
where project.party_id is not null
order by project.party_id, trouble.place, project.project_id
