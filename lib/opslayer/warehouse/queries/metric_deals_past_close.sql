-- one row: open deals whose expected close has passed; null where no deal has landed
select
    case when count(*) > 0 then cast(count(*) filter (where expected_close_on < $as_of) as double) end as value,
    null::double as previous
from marts.opportunity_history
where known_until is null
