-- clients that mail goes to, to who leads their last project; key: subject
-- it moves no money; for rules that an event asks about one client
-- reads core.party, core.project, core.person
select
    party.party_id as subject,
    party.name,
    cast(null as decimal(18, 2)) as amount_base,
    (
        select arg_max(project.manager_id, (project.starts_on, project.project_id))
        from core.project as project
        inner join core.person as person on person.person_id = project.manager_id and person.left_on is null
        where project.party_id = party.party_id
    ) as recipient_id,
    party.name as client,
    party.email as written_to
from core.party as party
where
    party.email is not null     -- an address is known
