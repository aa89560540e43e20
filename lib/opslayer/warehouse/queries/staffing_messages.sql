-- one row of the change that is proposed, with who leads the project; key: change_id, role, week_start, taken_from
-- reads intelligence.staffing_change, core.project, core.person; as_of is bound
select change.* exclude (manager_name), manager.name as manager_name, manager.email as manager_email
from intelligence.staffing_change as change
left join core.project as project on project.project_id = change.project_id
left join core.person as manager on manager.person_id = project.manager_id
where change.as_of = $as_of
order by change.project_id, change.person_id, change.role, change.week_start, change.taken_from
