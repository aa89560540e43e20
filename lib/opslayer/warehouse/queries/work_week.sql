-- billable work by client's project and week; key: project_id, week_start
-- reads marts.work_week
select project_id, week_start, value_base from marts.work_week order by project_id, week_start
