-- one row a project as it stands; key: project_id
-- reads marts.project_state
select * from marts.project_state order by project_id
