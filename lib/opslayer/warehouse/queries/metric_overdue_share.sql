-- one row: share of receivables that is past due
select
    sum(case when bucket <> 'current' then open_base else 0 end) / nullif(sum(open_base), 0) as value,
    null::double as previous
from marts.aging
