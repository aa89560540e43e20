-- one row: people who are named as below their target; null before anybody with a target is judged
select
    case when count(probability_short) > 0 then cast(count(*) filter (where is_named) as double) end as value,
    null::double as previous
from intelligence.utilisation
where as_of = $as_of
