-- tickets likely to miss their promise, to who works on each; key: subject, the ticket; within_sla so far
-- move_to: the team that ends such tickets, where another has it and the model is sure
-- reads intelligence.ticket_risk, core.ticket; as_of is bound
select
    risk.ticket_id as subject,
    risk.number || coalesce(' of ' || risk.client, '') as name,
    cast(null as decimal(18, 2)) as amount_base,
    risk.person_id as recipient_id,
    risk.number,
    risk.client,
    risk.about,
    risk.priority,
    risk.opened_at,
    round(100 * risk.probability) as chance,
    round(100 * risk.usual) as usual,
    risk.has_it,
    case when risk.is_to_move then risk.to_team end as move_to,
    risk.reasons,
    case when risk.is_to_move then risk.route_reasons end as move_reasons
from intelligence.ticket_risk as risk
inner join core.ticket as ticket on ticket.ticket_id = risk.ticket_id
where
    risk.as_of = $as_of              -- it was worked out today
    and risk.is_high                 -- half as likely again as usual to miss its promise, and not late yet
    and ticket.ended_at is null      -- it is still open
