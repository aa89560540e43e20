-- one row a person who is proposed for a project, worth most first; key: change_id; hours, money in base currency
-- reads intelligence.staffing_change, core.project, core.person; as_of is bound
with
changes as (
    select
        change.change_id,
        change.project_id,
        change.person_id,
        any_value(change.project_name) as project_name,
        any_value(change.person_name) as person_name,
        any_value(change.person_role) as person_role,
        string_agg(distinct change.role, ', ' order by change.role) as role,
        string_agg(distinct change.taken_from_name, ', ' order by change.taken_from_name) as taken_from_name,
        min(change.week_start) as first_week,
        max(change.week_start) as last_week,
        count(distinct change.week_start) as weeks_planned,
        sum(change.hours) as hours,
        bool_or(change.is_new_to_project) as is_new_to_project,
        sum(change.value_base) as value_base,
        sum(change.dearer_base + change.above_target_base + change.switching_base) as cost_base,
        sum(change.bench_avoided_base) as bench_avoided_base,
        min_by(change.reasons, change.week_start) as reasons
    from intelligence.staffing_change as change
    where change.as_of = $as_of
    group by change.change_id, change.project_id, change.person_id
)
select
    $as_of as as_of,
    changes.change_id,
    changes.project_id,
    changes.project_name,
    manager.name as manager_name,
    manager.email as manager_email,
    changes.person_id,
    changes.person_name,
    changes.person_role,
    changes.role,
    changes.taken_from_name,
    changes.first_week,
    changes.last_week,
    changes.weeks_planned,
    changes.hours,
    changes.is_new_to_project,
    cast(changes.value_base as decimal(18, 2)) as value_base,
    cast(changes.cost_base as decimal(18, 2)) as cost_base,
    cast(changes.bench_avoided_base as decimal(18, 2)) as bench_avoided_base,
    changes.reasons
from changes
left join core.project as project on project.project_id = changes.project_id
left join core.person as manager on manager.person_id = project.manager_id
order by changes.value_base - changes.cost_base desc, changes.change_id
