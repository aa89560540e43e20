-- one row: hours that projects lack, by another way than the page's
select sum(gap_hours) as value
from intelligence.staffing_need
where as_of = $as_of
