-- what each client bought in the last year; key: party_id; revenue_year_base in base currency
-- reads core.party, marts.revenue_day; as_of is bound
select
    party.party_id, party.name as party_name,
    cast(coalesce(sum(revenue.amount_base) filter (where revenue.day > $as_of - 365), 0) as decimal(18, 2)) as revenue_year_base
from core.party as party
left join marts.revenue_day as revenue on revenue.party_id = party.party_id
group by party.party_id, party.name
order by party.party_id
