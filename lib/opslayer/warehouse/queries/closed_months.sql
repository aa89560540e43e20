-- months that had ended by the snapshot's day, newest first; key: month
select distinct month
from marts.pnl_month
where is_closed
order by month desc
