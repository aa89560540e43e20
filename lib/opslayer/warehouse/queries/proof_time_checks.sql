-- one row: how many time entries are in question, by another way than the page's
select count(*) as value
from marts.time_check
