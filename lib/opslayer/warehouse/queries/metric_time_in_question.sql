-- one row: findings on last week's entries; missing sheets are counted on their own; null where no time has landed
select
    case
        when (select count(*) from core.time_entry) > 0
            then cast(count(*) filter (where finding <> 'missing_sheet') as double)
    end as value,
    null::double as previous
from marts.time_check
