-- what was invoiced by day and client; key: day, party_id; money in the base currency
-- reads marts.revenue_day
select day, party_id, amount_base from marts.revenue_day order by day, party_id
