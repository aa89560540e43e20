-- appointments that were kept a day ago, to the client; key: subject
-- reads core.appointment, core.party, core.person
select
    appointment.appointment_id as subject,
    party.name,
    coalesce(appointment.subject, 'Our appointment') as about,
    cast(null as decimal(18, 2)) as amount_base,
    appointment.party_id as recipient_id,
    person.name as colleague,
    appointment.starts_on,
    cast($as_of - appointment.starts_on as integer) as days
from core.appointment as appointment
inner join core.party as party on party.party_id = appointment.party_id
left join core.person as person on person.person_id = appointment.person_id
where
    appointment.status = 'kept'                                         -- it was kept
    and $as_of - appointment.starts_on between 1 and $at_most           -- a day ago, and no more than $at_most days
