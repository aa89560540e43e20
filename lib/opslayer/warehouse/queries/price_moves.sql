-- one row an open deal that is worth more at another price, most gained first; key: opportunity_id; base currency
-- reads intelligence.price_recommendation; as_of is bound
select *, recommended_expected_base - expected_base as gained_base
from intelligence.price_recommendation
where as_of = $as_of and is_moved
order by gained_base desc, opportunity_id
