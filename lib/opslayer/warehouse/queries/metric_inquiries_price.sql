-- one row: expected price of the inquiries that say enough for a scope; base currency; null without one
select cast(sum(price_base) as double) as value, null::double as previous
from intelligence.scope
where as_of = $as_of
