-- one row a ticket open on the day, the likeliest to be late first; key: ticket_id
-- reads intelligence.ticket_risk; as_of is bound
select * from intelligence.ticket_risk where as_of = $as_of order by probability desc nulls last, ticket_id
