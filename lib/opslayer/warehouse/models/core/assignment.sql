-- one row an assignment; key: assignment_id; planned hours of a person on a project, by week from Monday
-- reads staging.assignment
select
    assignment_id, source, source_key, project_id, person_id, role, week_start, hours
from staging.assignment
