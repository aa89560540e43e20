-- one row a client invoiced six times or more in the year before as_of; key: entity; nine in ten gaps between
-- two days with an invoice are no longer than usual_days
-- reads core.invoice, core.party; as_of is bound
with
day as (
    select distinct party_id, issued_on
    from core.invoice
    where status in ('open', 'paid') and issued_on <= $as_of and issued_on > $as_of - interval 365 day
),
gap as (
    select party_id, issued_on, issued_on - lag(issued_on) over (partition by party_id order by issued_on) as days
    from day
)
select
    gap.party_id as entity, max(party.name) as name, max(gap.issued_on) as last_on,
    cast(quantile_cont(gap.days, 0.9) as double) as usual_days
from gap
inner join core.party as party on party.party_id = gap.party_id
group by gap.party_id
having count(*) >= 6
order by entity
