-- one row a ticket: what was said when it was opened, and how it stands; key: ticket_id; times are in UTC
-- first_team is who it was opened with, null where nobody said; team has it now
-- ended_at is its last change where it is over, null while it is open
-- within_sla: as its system says, else whether it ended by due_at; moves counts how often another team got it
-- reads staging.ticket, core.ticket_event, core.party_alias, core.party, core.person_alias; time_zone is bound
with
stands as (
    select
        ticket_id,
        max(team) filter (step = 1) as first_team,
        arg_max(team, step) filter (team is not null) as team,
        arg_max(person_id, step) filter (person_id is not null) as person_id,
        arg_max(state, step) filter (state is not null) as state,
        arg_max(within_sla, step) filter (within_sla is not null) as within_sla,
        max(happened_at) as changed_at
    from core.ticket_event
    group by ticket_id
),

moved as (
    select ticket_id, count(*) filter (team <> before) as moves
    from (
        select ticket_id, team, lag(team) over (partition by ticket_id order by step) as before
        from core.ticket_event
        where team is not null
    )
    group by ticket_id
),

ticket as (
    select
        opened.*,
        coalesce(stands.state, opened.state) as state_now,
        case
            when coalesce(stands.state, opened.state) in ('resolved', 'closed', 'cancelled')
                then coalesce(stands.changed_at, opened.ended_at, opened.updated_at)
        end as over_at
    from staging.ticket as opened
    left join stands on stands.ticket_id = opened.ticket_id
)

select
    ticket.ticket_id, ticket.source, ticket.source_key, ticket.number, ticket.subject,
    party.party_id,
    coalesce(stands.person_id, person.person_id, ticket.person_id) as person_id,
    coalesce(ticket.team, stands.first_team) as first_team,
    coalesce(stands.team, ticket.team) as team,
    ticket.channel, ticket.place, ticket.category, ticket.subcategory, ticket.symptom, ticket.item, ticket.impact,
    ticket.urgency, ticket.priority, ticket.opened_by, ticket.caller, ticket.opened_at,
    cast(ticket.opened_at at time zone $time_zone as date) as opened_on,
    ticket.due_at, ticket.state_now as state, ticket.over_at as ended_at,
    coalesce(stands.within_sla, ticket.within_sla, ticket.over_at <= ticket.due_at) as within_sla,
    coalesce(moved.moves, 0) as moves,
    greatest(ticket.updated_at, stands.changed_at) as updated_at
from ticket
left join stands on stands.ticket_id = ticket.ticket_id
left join moved on moved.ticket_id = ticket.ticket_id
left join core.party_alias as alias on alias.alias_id = ticket.party_id
left join core.party as party on party.party_id = coalesce(alias.party_id, ticket.party_id)
left join core.person_alias as person on person.alias_id = ticket.person_id
