-- one row: by how much the practices of $month differ; base currency, by another way than the page's
select sum(amount_base) as value
from intelligence.margin_driver
where month = $month and as_of = (select max(as_of) from intelligence.margin_driver)
