-- one row: mails since the last working day that ask for work; null before any mail was read
select
    case when count(*) > 0 then cast(count(*) filter (where verdict = 'inquiry') as double) end as value,
    null::double as previous
from intelligence.inquiry
where as_of = $as_of
