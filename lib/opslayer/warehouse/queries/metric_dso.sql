-- one row: days sales outstanding on the snapshot's day and at the month end before
select
    max_by(dso_days, month_end) as value,
    max_by(dso_days, month_end) filter (where month_end < $as_of) as previous
from marts.dso
