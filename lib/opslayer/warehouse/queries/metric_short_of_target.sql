-- one row: hours below target of the people named, at their prices; base currency; null before anybody is judged
select
    case
        when count(money_short_base) > 0
            then coalesce(cast(sum(money_short_base) filter (where is_named) as double), 0)
    end as value,
    null::double as previous
from intelligence.utilisation
where as_of = $as_of
