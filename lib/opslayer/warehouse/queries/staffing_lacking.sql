-- one row a project that lacks somebody, most hours first; key: project_id; hours over the weeks that are planned
-- reads intelligence.staffing_need; as_of is bound
select
    as_of,
    project_id,
    any_value(name) as name,
    any_value(party_name) as party_name,
    any_value(manager_name) as manager_name,
    any_value(due_on) as due_on,
    sum(need_hours) as need_hours,
    sum(assigned_hours) as assigned_hours,
    sum(gap_hours) as gap_hours,
    sum(surplus_hours) as surplus_hours,
    string_agg(distinct role, ', ' order by role) filter (where gap_hours > 0) as role,
    any_value(reasons) filter (where gap_hours > 0) as reasons
from intelligence.staffing_need
where as_of = $as_of
group by as_of, project_id
having sum(gap_hours) > 0
order by gap_hours desc, project_id
