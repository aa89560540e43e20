-- one row a project, role and kind of work that nobody is free for in the next four weeks
-- key: kind, project_id, role; hours
-- kind colleague_over: planned on people who cannot work it, by the project's share of their plan in that week
-- kind not_planned: of the budget that remains, spread evenly until the project is due, what is planned on nobody;
-- its role is not known
-- reads marts.person_capacity, marts.project_state, core.assignment; as_of is bound
with
span as (
    select
        cast(date_trunc('week', $as_of) as date) as first_on,
        cast(date_trunc('week', $as_of) + interval 28 day as date) as next_on
),
over_week as (
    select capacity.person_id, capacity.week_start, capacity.role, capacity.assigned_hours,
        -capacity.free_hours as excess_hours
    from marts.person_capacity as capacity, span
    where capacity.free_hours < 0 and capacity.week_start < span.next_on
),
colleague_over as (
    select
        assignment.project_id,
        coalesce(assignment.role, over_week.role) as role,
        sum(assignment.hours / over_week.assigned_hours * over_week.excess_hours) as hours
    from over_week
    inner join core.assignment as assignment
        on assignment.person_id = over_week.person_id and assignment.week_start = over_week.week_start
    group by all
),
planned as (
    select assignment.project_id, sum(assignment.hours) as hours
    from core.assignment as assignment, span
    where assignment.week_start >= span.first_on and assignment.week_start < span.next_on
    group by assignment.project_id
),
not_planned as (
    select
        state.project_id,
        null as role,
        (state.budget_hours - state.hours_to_date) * 28 / greatest(coalesce(state.due_on, $as_of + 91) - $as_of, 28)
            - coalesce(planned.hours, 0) as hours
    from marts.project_state as state
    left join planned on planned.project_id = state.project_id
    where state.ended_on is null and state.budget_hours > state.hours_to_date
),
demand as (
    select 'colleague_over' as kind, * from colleague_over
    union all
    select 'not_planned' as kind, * from not_planned
)
select
    demand.kind,
    demand.project_id,
    demand.role,
    state.name as project_name,
    state.party_name,
    state.practice,
    cast(demand.hours as decimal(18, 4)) as hours
from demand
inner join marts.project_state as state on state.project_id = demand.project_id
where demand.hours >= 4 and state.ended_on is null and state.billing not in ('internal', 'bench')
order by demand.kind, demand.hours desc, demand.project_id, demand.role
