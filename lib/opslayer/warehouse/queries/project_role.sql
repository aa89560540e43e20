-- one row a project and role that worked on it; key: project_id, role
-- reads marts.project_role
select * from marts.project_role order by project_id, role
