-- one row a project that ended by as_of with a budget and hours; key: project_id; hours, money in base currency
-- weeks are those in which it was worked on; words are its name and its tasks'
-- reads marts.project_state, marts.project_progress, core.project, core.task
with
named as (
    select project_id, string_agg(distinct name, ' ' order by name) as words from core.task group by project_id
),
worked as (
    select project_id, count(*) as weeks from marts.project_progress group by project_id
)
select
    state.project_id,
    state.name,
    project.party_id,
    state.party_name,
    state.practice,
    state.budget_hours,
    state.hours_to_date as hours,
    state.value_to_date_base as value_base,
    greatest(coalesce(worked.weeks, 1), 1) as weeks,
    coalesce(state.starts_on, state.first_time_on) as starts_on,
    state.ended_on,
    concat_ws(' ', state.name, named.words) as words
from marts.project_state as state
inner join core.project as project on project.project_id = state.project_id
left join named on named.project_id = state.project_id
left join worked on worked.project_id = state.project_id
where state.ended_on is not null and state.budget_hours > 0 and state.hours_to_date > 0
order by state.project_id
