-- one row a whole week of the last 52; key: week_start; hours of everybody who handed in a sheet
-- target is what their targets ask of the available hours; null where nobody has one
-- reads marts.person_week; as_of is bound
select
    week_start,
    sum(billable_hours) as billable_hours,
    sum(available_hours) as available_hours,
    cast(sum(billable_hours) / nullif(sum(available_hours), 0) as double) as utilisation,
    cast(sum(target_hours) / nullif(sum(available_hours) filter (where target_hours is not null), 0) as double) as target
from marts.person_week
where week_start >= date_trunc('week', $as_of) - interval 364 day and hours > 0
group by week_start
order by week_start
