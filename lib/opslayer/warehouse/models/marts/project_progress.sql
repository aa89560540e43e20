-- one row a project and week in which hours were booked or tasks done; key: project_id, week_start (a Monday)
-- hours_to_date, earned_hours (budget of tasks done), hours_open (booked on tasks not done) and budget_open (of tasks
-- begun and not done) are as that week ended
-- reads core.task, core.time_entry; as_of is bound
with
worked as (
    select project_id, task_id, cast(date_trunc('week', worked_on) as date) as week_start, sum(hours) as hours
    from core.time_entry
    where worked_on <= $as_of and project_id is not null
    group by all
),
done as (
    select
        task.project_id, task.task_id, cast(date_trunc('week', task.completed_on) as date) as week_start,
        coalesce(task.budget_hours, 0) as budget_hours
    from core.task as task
    where task.completed_on <= $as_of and task.status <> 'cancelled'
),
begun as (
    select task_id, min(week_start) as week_start from worked where hours > 0 group by task_id
),
steps as (
    -- hours on a task that is open that week
    select
        worked.project_id, worked.week_start, worked.hours,
        case
            when task.task_id is not null and (done.task_id is null or worked.week_start < done.week_start)
                then worked.hours
            else 0
        end as opened,
        0 as budget_opened, 0 as earned, 0 as tasks_done
    from worked
    left join core.task as task on task.task_id = worked.task_id and task.status <> 'cancelled'
    left join done on done.task_id = worked.task_id
    union all
    -- the week a task is done, they are open no more
    select
        done.project_id, done.week_start, 0 as hours, -coalesce(sum(worked.hours), 0) as opened,
        case when count(worked.task_id) > 0 then -done.budget_hours else 0 end as budget_opened,
        done.budget_hours as earned, 1 as tasks_done
    from done
    left join worked on worked.task_id = done.task_id and worked.week_start < done.week_start
    group by done.project_id, done.task_id, done.week_start, done.budget_hours
    union all
    -- the week of its first hours, unless it was done by then
    select
        task.project_id, begun.week_start, 0 as hours, 0 as opened, coalesce(task.budget_hours, 0) as budget_opened,
        0 as earned, 0 as tasks_done
    from begun
    inner join core.task as task on task.task_id = begun.task_id and task.status <> 'cancelled'
    left join done on done.task_id = begun.task_id
    where done.task_id is null or begun.week_start < done.week_start
),
by_week as (
    select
        project_id, week_start, sum(hours) as hours, sum(opened) as opened,
        sum(budget_opened) as budget_opened, sum(earned) as earned, sum(tasks_done) as tasks_done
    from steps
    group by project_id, week_start
)
select
    project_id,
    week_start,
    cast(sum(hours) over so_far as decimal(18, 4)) as hours_to_date,
    cast(sum(earned) over so_far as decimal(18, 4)) as earned_hours,
    cast(sum(opened) over so_far as decimal(18, 4)) as hours_open,
    cast(sum(budget_opened) over so_far as decimal(18, 4)) as budget_open,
    cast(sum(tasks_done) over so_far as bigint) as tasks_done
from by_week
window so_far as (partition by project_id order by week_start rows between unbounded preceding and current row)
