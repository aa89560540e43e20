-- one row: people without any time last week who had hours to work; null where nobody has hours to work
select
    case
        when (select count(*) from marts.person_week) > 0
            then cast(count(*) filter (where finding = 'missing_sheet') as double)
    end as value,
    null::double as previous
from marts.time_check
