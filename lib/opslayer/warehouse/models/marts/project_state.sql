-- one row a project that had begun by as_of; key: project_id; hours, and money in the base currency
-- earned is the budget of tasks done by as_of, hours_open what is booked on those that are not, budget_open the
-- budget of those among them that were begun; task_spread is the standard deviation of ln(hours / budget) of tasks done
-- reads core.project, core.task, core.time_entry, core.person, core.party; as_of is bound
with
entries as (
    select entry.project_id, entry.task_id, entry.person_id, entry.worked_on, entry.hours
    from core.time_entry as entry
    where entry.worked_on <= $as_of
),
worked as (
    select
        entry.project_id,
        sum(entry.hours) as hours,
        sum(entry.hours * person.bill_rate_base) as value_base,
        sum(entry.hours * person.cost_rate_base) as cost_base,
        min(entry.worked_on) as first_time_on,
        max(entry.worked_on) as last_time_on
    from entries as entry
    left join core.person as person on person.person_id = entry.person_id
    group by entry.project_id
),
task_hours as (
    select task_id, sum(hours) as hours from entries group by task_id
),
tasks as (
    select
        task.project_id,
        count(*) as tasks,
        count(*) filter (where task.completed_on <= $as_of) as tasks_done,
        sum(task.budget_hours) filter (where task.completed_on <= $as_of) as earned_hours,
        sum(spent.hours) filter (where task.completed_on is null or task.completed_on > $as_of) as hours_open,
        sum(task.budget_hours) filter (
            where spent.hours > 0 and (task.completed_on is null or task.completed_on > $as_of)
        ) as budget_open,
        count(*) filter (where task.completed_on <= $as_of and task.budget_hours > 0 and spent.hours > 0) as tasks_measured,
        stddev_pop(case
            when task.completed_on <= $as_of and task.budget_hours > 0 and spent.hours > 0
                then ln(cast(spent.hours / task.budget_hours as double))
        end) as task_spread
    from core.task as task
    left join task_hours as spent on spent.task_id = task.task_id
    where task.status <> 'cancelled'
    group by task.project_id
)
select
    $as_of as as_of,
    project.project_id,
    project.name,
    party.name as party_name,
    project.practice,
    manager.name as manager_name,
    project.billing,
    project.budget_hours,
    cast(coalesce(worked.hours, 0) as decimal(18, 4)) as hours_to_date,
    cast(worked.value_base as decimal(18, 2)) as value_to_date_base,
    cast(worked.cost_base as decimal(18, 2)) as cost_to_date_base,
    coalesce(tasks.tasks, 0) as tasks,
    coalesce(tasks.tasks_done, 0) as tasks_done,
    cast(coalesce(tasks.earned_hours, 0) as decimal(18, 4)) as earned_hours,
    cast(coalesce(tasks.hours_open, 0) as decimal(18, 4)) as hours_open,
    cast(coalesce(tasks.budget_open, 0) as decimal(18, 4)) as budget_open,
    coalesce(tasks.tasks_measured, 0) as tasks_measured,
    tasks.task_spread,
    project.starts_on,
    project.due_on,
    case when project.ended_on <= $as_of then project.ended_on end as ended_on,
    worked.first_time_on,
    worked.last_time_on
from core.project as project
left join core.party as party on party.party_id = project.party_id
left join core.person as manager on manager.person_id = project.manager_id
left join worked on worked.project_id = project.project_id
left join tasks on tasks.project_id = project.project_id
where coalesce(project.starts_on, worked.first_time_on) <= $as_of
