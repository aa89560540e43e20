-- one row: rows that broke a contract rule, by another way than the page's
select sum(rows_failed) as value
from quality.results
where not passed and as_of = $as_of
