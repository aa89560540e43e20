-- one row a practice and whole week of the last 52; key: week_start, practice; hours of everybody who handed in a sheet
-- reads marts.person_week, core.person; as_of is bound
select
    week.week_start, person.practice, sum(week.billable_hours) as billable_hours,
    sum(week.available_hours) as available_hours
from marts.person_week as week
inner join core.person as person on person.person_id = week.person_id
where week.week_start >= date_trunc('week', $as_of) - interval 364 day and week.hours > 0
group by week.week_start, person.practice
order by week.week_start, person.practice
