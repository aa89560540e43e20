-- one row a scope, the dearest first; key: message_id; hours, money in the base currency
-- reads intelligence.scope; as_of is bound
select * from intelligence.scope
where as_of = $as_of
order by price_base desc, message_id
