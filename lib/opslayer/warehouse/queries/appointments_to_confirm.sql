-- appointments that the client has not confirmed, to the client; key: subject, the appointment and its day
-- starts_time is by the firm's clock
-- risk is that it is not held, of the last day that was looked at
-- reads core.appointment, core.party, core.person, intelligence.appointment_risk
select
    concat_ws(' ', appointment.appointment_id, appointment.starts_on) as subject,
    party.name,
    coalesce(appointment.subject, 'Our appointment') as about,
    cast(null as decimal(18, 2)) as amount_base,
    appointment.party_id as recipient_id,
    person.name as colleague,
    appointment.starts_on,
    strftime(appointment.starts_local, '%H:%M') as starts_time,
    appointment.place,
    risk.probability as risk,
    risk.reasons as risk_reasons
from core.appointment as appointment
inner join core.party as party on party.party_id = appointment.party_id
left join core.person as person on person.person_id = appointment.person_id
left join intelligence.appointment_risk as risk
    on risk.appointment_id = appointment.appointment_id
    and risk.as_of = (select max(as_of) from intelligence.appointment_risk)
where
    appointment.status = 'booked'                                       -- it is booked, neither confirmed nor cancelled
    and appointment.starts_on - $as_of between 1 and $within_days       -- it is within the next $within_days days
