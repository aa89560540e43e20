-- one row a project and week; key: project_id, week_start
-- reads marts.project_progress
select * from marts.project_progress order by project_id, week_start
