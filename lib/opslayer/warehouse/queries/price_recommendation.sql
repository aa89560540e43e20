-- one row an open deal, most worth first; key: opportunity_id; money in base currency
-- reads intelligence.price_recommendation; as_of is bound
select * from intelligence.price_recommendation
where as_of = $as_of
order by expected_base desc, opportunity_id
