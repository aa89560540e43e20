-- one row a deal that was decided in the last three years and says what it would need; key: opportunity_id
-- list_base: its hours at the practice's prices by role; known_client: whether they had won with the client before
-- reads core.opportunity, core.opportunity_role, core.person; as_of is bound
with
rates as (
    select practice, role, avg(bill_rate_base) as price
    from core.person
    where bill_rate_base > 0
    group by practice, role
),
listed as (
    select deal.opportunity_id, sum(needed.hours * rates.price) as list_base, sum(needed.hours) as hours
    from core.opportunity as deal
    inner join core.opportunity_role as needed on needed.opportunity_id = deal.opportunity_id
    inner join rates on rates.practice = deal.practice and rates.role = needed.role
    group by deal.opportunity_id
),
first_won as (
    select party_id, min(closed_on) as first_won_on
    from core.opportunity
    where outcome = 'won'
    group by party_id
)
select
    deal.opportunity_id,
    deal.party_id,
    deal.practice,
    deal.channel,
    deal.outcome,
    deal.closed_on,
    deal.amount_base,
    listed.hours,
    cast(listed.list_base as decimal(18, 2)) as list_base,
    coalesce(first_won.first_won_on < deal.created_on, false) as known_client
from core.opportunity as deal
inner join listed on listed.opportunity_id = deal.opportunity_id
left join first_won on first_won.party_id = deal.party_id
where deal.outcome in ('won', 'lost') and deal.closed_on <= $as_of and deal.closed_on > $as_of - 1096
    and deal.amount_base > 0 and listed.list_base > 0
order by deal.opportunity_id
