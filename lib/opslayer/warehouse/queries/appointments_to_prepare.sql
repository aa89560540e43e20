-- appointments of the next working day, to whom they belong, with what is known of the client; key: subject, the appointment and its day
-- starts_time is by the firm's clock; amounts in base currency; last_contact_on is of work, calls and appointments
-- reads core.appointment, core.party, core.call, core.holiday, core.opportunity, core.project, marts.open_item,
-- intelligence.client_silence, intelligence.project_forecast
with
next_day as (
    select min(day) as day
    from (select cast(unnest(range(1, 15)) as integer) + $as_of as day)
    where isodow(day) <= 5 and day not in (select day from core.holiday where day is not null)
),

owed as (
    select
        party_id, count(*) as invoices, sum(open_base) as owed_base,
        coalesce(sum(open_base) filter (days_overdue > 0), 0) as overdue_base
    from marts.open_item
    group by party_id
),

deals as (
    select party_id, string_agg(name, ', ' order by amount_base desc nulls last, name) as deals, sum(amount_base) as deals_base
    from core.opportunity
    where outcome = 'open'
    group by party_id
),

at_risk as (
    select project.party_id, string_agg(project.name, ', ' order by forecast.money_at_risk_base desc nulls last, project.name) as projects
    from intelligence.project_forecast as forecast
    inner join core.project as project on project.project_id = forecast.project_id
    where forecast.is_named and forecast.as_of = (select max(as_of) from intelligence.project_forecast)
    group by project.party_id
),

contact as (
    select party_id, last_contact_on as day
    from intelligence.client_silence
    where as_of = (select max(as_of) from intelligence.client_silence)
    union all
    select party_id, started_on as day from core.call where outcome = 'answered' and started_on <= $as_of
    union all
    select party_id, starts_on as day from core.appointment where status = 'kept' and starts_on <= $as_of
),

last_contact as (select party_id, max(day) as day from contact group by party_id)

select
    concat_ws(' ', appointment.appointment_id, appointment.starts_on) as subject,
    coalesce(party.name, appointment.subject, 'Appointment') as name,
    coalesce(appointment.subject, 'Appointment') as about,
    cast(null as decimal(18, 2)) as amount_base,
    appointment.person_id as recipient_id,
    party.name as client,
    appointment.starts_on,
    strftime(appointment.starts_local, '%H:%M') as starts_time,
    appointment.place,
    appointment.status,
    owed.invoices,
    owed.owed_base,
    owed.overdue_base,
    deals.deals,
    deals.deals_base,
    last_contact.day as last_contact_on,
    at_risk.projects
from core.appointment as appointment
left join core.party as party on party.party_id = appointment.party_id
left join owed on owed.party_id = appointment.party_id
left join deals on deals.party_id = appointment.party_id
left join at_risk on at_risk.party_id = appointment.party_id
left join last_contact on last_contact.party_id = appointment.party_id
where
    appointment.status in ('booked', 'confirmed')                       -- it stands
    and appointment.starts_on > $as_of                                  -- it is after today
    and appointment.starts_on <= (select day from next_day)             -- and no later than the next working day
    and appointment.person_id is not null                               -- somebody of the firm has it
