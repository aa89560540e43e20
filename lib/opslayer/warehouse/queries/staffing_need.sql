-- one row a project, role and week with hours needed or planned; key: project_id, role, week_start; hours
-- reads intelligence.staffing_need; as_of is bound
select * from intelligence.staffing_need
where as_of = $as_of
order by project_id, role, week_start
