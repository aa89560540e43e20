-- one row a client and person employed who worked for it in the last year, or leads its last project; key: party_id, person_id
-- hours; is_owner: leads the project of the client that began last
-- reads core.project, core.time_entry, core.person; as_of is bound
with
employed as (
    select person_id from core.person where coalesce(left_on, $as_of) >= $as_of
),
worked as (
    select project.party_id, entry.person_id, sum(entry.hours) as hours
    from core.time_entry as entry
    inner join core.project as project on project.project_id = entry.project_id
    where entry.worked_on between $as_of - 365 and $as_of and project.party_id is not null
    group by project.party_id, entry.person_id
),
owned as (
    select project.party_id, arg_max(project.manager_id, (project.starts_on, project.project_id)) as person_id
    from core.project as project
    inner join employed on employed.person_id = project.manager_id
    where project.starts_on <= $as_of and project.party_id is not null
    group by project.party_id
)
select
    coalesce(worked.party_id, owned.party_id) as party_id,
    coalesce(worked.person_id, owned.person_id) as person_id,
    cast(coalesce(worked.hours, 0) as decimal(18, 4)) as hours,
    owned.person_id is not null as is_owner
from worked
full join owned on owned.party_id = worked.party_id and owned.person_id = worked.person_id
inner join employed on employed.person_id = coalesce(worked.person_id, owned.person_id)
order by party_id, person_id
