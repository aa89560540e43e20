-- each ticket as it was opened, and what had become of it by as_of; key: subject
-- label: it missed its promise, end_team: the team that ended it; both null while it is open; usual is the share that
-- missed it within half a year, ten added; last_team ended the last of its subcategory before it was opened
-- a ticket that was over at its first change is left out: nobody had to be asked
-- reads core.ticket, core.ticket_event, core.party; as_of is bound
with
stands as (
    select
        ticket_id,
        arg_min(state, step) as first_state,
        arg_max(state, step) filter (state is not null) as state,
        arg_max(team, step) filter (team is not null) as team,
        arg_max(person_id, step) filter (person_id is not null) as person_id,
        arg_max(within_sla, step) filter (within_sla is not null) as within_sla,
        max(happened_at) as changed_at
    from core.ticket_event
    where happened_on <= $as_of
    group by ticket_id
),

ticket as (
    select
        ticket.* exclude (ended_at),
        case
            when stands.ticket_id is null then case when cast(ticket.ended_at as date) <= $as_of then ticket.ended_at end
            when stands.state in ('resolved', 'closed', 'cancelled') then stands.changed_at
        end as ended_at,
        coalesce(stands.state, ticket.state) as state_then,
        coalesce(stands.team, ticket.team) as team_then,
        coalesce(stands.person_id, ticket.person_id) as person_then,
        coalesce(stands.within_sla, ticket.within_sla) as within_sla_then
    from core.ticket as ticket
    left join stands on stands.ticket_id = ticket.ticket_id
    where
        ticket.opened_on <= $as_of
        and coalesce(stands.first_state, 'new') not in ('resolved', 'closed', 'cancelled')
),

ended as (
    select subcategory, ended_at, max(team_then) as team
    from ticket
    where ended_at is not null and subcategory is not null
    group by subcategory, ended_at
)

select
    ticket.ticket_id as subject,
    ticket.number,
    ticket.subject as about,
    ticket.party_id,
    party.name as client,
    ticket.person_then as person_id,
    ticket.state_then as state,
    ticket.team_then as has_it,
    coalesce(not ticket.within_sla_then, false) as is_late,
    ticket.ended_at is null as is_open,
    ticket.first_team as team, ticket.channel, ticket.place, ticket.category, ticket.subcategory, ticket.symptom, ticket.item,
    ticket.impact, ticket.urgency, ticket.priority, ticket.opened_by, ticket.caller,
    ended.team as last_team,
    cast((
        select (count(*) filter (where not past.within_sla_then) + 0.5) / (count(*) + 10) from ticket as past
        where cast(past.ended_at as date) > $as_of - 182
    ) as double) as usual,
    ticket.opened_at as decided_at,
    ticket.ended_at as known_at,
    case when ticket.ended_at is not null then not ticket.within_sla_then end as label,
    case when ticket.ended_at is not null then ticket.team_then end as end_team
from ticket
left join core.party as party on party.party_id = ticket.party_id
asof left join ended on ended.subcategory = ticket.subcategory and ended.ended_at < ticket.opened_at
order by decided_at, subject
