-- one row: mails of which a person has to say what they are; null before any mail was read
select
    case when count(*) > 0 then cast(count(*) filter (where verdict = 'unclear') as double) end as value,
    null::double as previous
from intelligence.inquiry
where as_of = $as_of
