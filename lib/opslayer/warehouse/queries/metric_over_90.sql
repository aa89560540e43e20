-- one row: receivables more than 90 days past due; base currency
select coalesce(sum(case when bucket = '90+' then open_base end), 0) as value, null::double as previous
from marts.aging
