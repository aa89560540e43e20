-- one row: what is open on each invoice; base currency, by another way than the page's
select sum(open_base) as value
from marts.open_item
where as_of = $as_of
