-- one row: clients named as gone silent against their own rhythm; null before a forecast
select
    case when count(*) > 0 then cast(count(*) filter (where is_named) as double) end as value,
    null::double as previous
from intelligence.client_silence
where as_of = (select max(as_of) from intelligence.client_silence)
