-- one row an appointment; key: appointment_id; times are in UTC, starts_local and starts_on as the firm's clock shows them
-- party_id is null where no party has that key: somebody new
-- reads staging.appointment, core.party_alias, core.party, core.person_alias; time_zone is bound
select
    appointment.appointment_id, appointment.source, appointment.source_key, appointment.subject,
    party.party_id,
    coalesce(person.person_id, appointment.person_id) as person_id,
    appointment.opportunity_id, appointment.project_id, appointment.starts_at, appointment.ends_at,
    appointment.starts_at at time zone $time_zone as starts_local,
    cast(appointment.starts_at at time zone $time_zone as date) as starts_on,
    appointment.place, appointment.status, appointment.created_at, appointment.updated_at
from staging.appointment as appointment
left join core.party_alias as alias on alias.alias_id = appointment.party_id
left join core.party as party on party.party_id = coalesce(alias.party_id, appointment.party_id)
left join core.person_alias as person on person.alias_id = appointment.person_id
