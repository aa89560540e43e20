-- one row an assignment; key: assignment_id; planned hours of a person on a project, by week from Monday
-- reads staging.assignment, core.person_alias
select
    assignment.assignment_id, assignment.source, assignment.source_key, assignment.project_id,
    coalesce(person.person_id, assignment.person_id) as person_id,
    assignment.role, assignment.week_start, assignment.hours
from staging.assignment as assignment
left join core.person_alias as person on person.alias_id = assignment.person_id
