-- one row a change of a ticket and how it stood after; key: event_id; times are in UTC, happened_on as the firm's clock
-- has it; step counts a ticket's changes from 1
-- reads staging.ticket_event, staging.ticket, core.person_alias; time_zone is bound
select
    event.event_id, event.source, event.ticket_id,
    row_number() over (
        partition by event.ticket_id order by event.happened_at, event.position, event.source_key
    ) as step,
    event.happened_at,
    cast(event.happened_at at time zone $time_zone as date) as happened_on,
    event.state, event.team,
    coalesce(person.person_id, event.person_id) as person_id,
    event.within_sla
from staging.ticket_event as event
inner join staging.ticket as ticket on ticket.ticket_id = event.ticket_id
left join core.person_alias as person on person.alias_id = event.person_id
