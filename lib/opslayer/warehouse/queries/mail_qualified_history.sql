-- one row a mail from outside that a person wrote; key: message_id
-- label: within thirty days a deal was opened with the client whose address it came from, won, lost or open; false where
-- none was, null where the thirty days are not over; ruled is not known of the past
-- reads core.message, core.person, core.party, core.opportunity; as_of is bound
with
own as (
    select distinct lower(split_part(email, '@', 2)) as domain from core.person where email like '%@%'
),

mail as (
    select
        message_id, received_at, cast(received_at as date) as came, lower(from_address) as sender,
        substr(coalesce(subject, '') || chr(10) || coalesce(body, ''), 1, 20000) as text
    from core.message
    where
        lower(split_part(from_address, '@', 2)) not in (select domain from own)
        and coalesce(lower(auto_submitted), 'no') = 'no' and list_id is null and list_unsubscribe is null
        and cast(received_at as date) <= $as_of
),

deal as (
    select mail.message_id, min(opportunity.created_on) as opened_on
    from mail
    inner join core.party as party on lower(party.email) = mail.sender
    inner join core.opportunity as opportunity
        on opportunity.party_id = party.party_id and opportunity.created_on between mail.came and mail.came + 30
    where opportunity.created_on <= $as_of
    group by mail.message_id
)

select
    mail.message_id, mail.text, cast(null as boolean) as ruled, mail.came as decided_at,
    coalesce(deal.opened_on, mail.came + 30) as known_at,
    case when deal.opened_on is not null then true when mail.came + 30 <= $as_of then false end as label
from mail
left join deal on deal.message_id = mail.message_id
order by decided_at, message_id
