-- days sales outstanding at each month end and on the snapshot's day; key: month_end
select month_end, receivable_base, revenue_90d, dso_days
from marts.dso
order by month_end
