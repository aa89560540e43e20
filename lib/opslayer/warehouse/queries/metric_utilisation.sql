-- one row: billable over available hours of the last four whole weeks, and of the four before
-- weeks without a sheet are in neither; null where nobody has time
with week as (
    select billable_hours, available_hours, week_start >= date_trunc('week', $as_of) - interval 28 day as is_last
    from marts.person_week
    where hours > 0 and week_start >= date_trunc('week', $as_of) - interval 56 day
)

select
    cast(sum(billable_hours) filter (where is_last) / nullif(sum(available_hours) filter (where is_last), 0) as double)
        as value,
    cast(
        sum(billable_hours) filter (where not is_last) / nullif(sum(available_hours) filter (where not is_last), 0)
        as double
    ) as previous
from week
