-- one row: hours of the staffing change that is proposed, by another way than the page's
select sum(hours) as value
from intelligence.staffing_change
where as_of = $as_of
