-- mails of clients with something attached, to who leads their last project; key: subject
-- a client is known by the domain of the address in its record, where no other client shares it
-- reads core.message, core.party, core.project
with
client as (
    select party_id, name, lower(split_part(email, '@', 2)) as domain
    from core.party
    where email is not null and kind = 'client'
    qualify count(*) over (partition by lower(split_part(email, '@', 2))) = 1
)
select
    message.message_id as subject,
    client.name,
    cast(null as decimal(18, 2)) as amount_base,
    (
        select arg_max(project.manager_id, project.starts_on) from core.project as project
        where project.party_id = client.party_id and project.manager_id is not null
    ) as recipient_id,
    message.from_name as sender,
    message.subject as about,
    message.received_at,
    array_to_string(json_extract_string(message.attachments, '$[*].name'), ', ') as files
from core.message as message
inner join client on client.domain = lower(split_part(message.from_address, '@', 2))
where
    message.attachments is not null                             -- something is attached to the mail
    and cast(message.received_at as date) >= $as_of - 7         -- it came within the last week
    and message.auto_submitted is null                          -- a person wrote it, no machine
