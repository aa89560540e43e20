-- running projects heading over their budget, to who leads them; key: subject
-- amount_base is what is at risk, in base currency; hours; share_over is 0 to 1
-- reads intelligence.project_forecast, core.project
select
    forecast.project_id as subject,
    forecast.name,
    forecast.money_at_risk_base as amount_base,
    project.manager_id as recipient_id,
    forecast.party_name as client,
    forecast.budget_hours,
    forecast.hours_to_date,
    forecast.eac_hours,
    forecast.eac_hours / forecast.budget_hours - 1 as share_over,
    forecast.probability_over,
    forecast.first_visible_on,
    forecast.reasons
from intelligence.project_forecast as forecast
inner join core.project as project on project.project_id = forecast.project_id
where
    forecast.as_of = (select max(as_of) from intelligence.project_forecast) -- it is of the last forecast
    and project.ended_on is null                        -- the project is still running
    and forecast.is_named                               -- it is named as heading over its budget
    and forecast.money_at_risk_base >= $from_amount     -- at least $from_amount of it is at risk
