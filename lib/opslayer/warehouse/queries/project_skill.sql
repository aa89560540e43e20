-- one row a project and skill of those who worked on it; key: project_id, skill
-- reads marts.project_skill
select * from marts.project_skill order by project_id, skill
