-- one row a client, with the practice of the project that began last; key: party_id
-- reads core.party, core.project; as_of is bound
with
last_project as (
    select party_id, arg_max(practice, (starts_on, project_id)) as practice
    from core.project
    where starts_on <= $as_of
    group by party_id
)
select party.party_id, party.name, party.email, last_project.practice
from core.party as party
left join last_project on last_project.party_id = party.party_id
where party.kind in ('client', 'both')
order by party.party_id
