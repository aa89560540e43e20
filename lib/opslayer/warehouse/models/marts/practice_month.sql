-- one row a month and practice that has people, hours or a plan; key: month, practice; hours, money in the base currency
-- capacity_a_day: hours the practice's people are employed for on a working day, the month's average;
-- available_hours: less leave and holidays; target_hours: what their targets ask of it; billable_hours: theirs, on any
-- project; capacity_cost_base: available hours and leave at their cost rates; planned_hours and planned_base from the
-- budget's lines of the practice, null where it has none
-- reads marts.person_day, core.person, core.time_entry, core.budget, core.account; as_of is bound
with
people_day as (
    select
        cast(date_trunc('month', day.day) as date) as month, coalesce(person.practice, '(none)') as practice,
        day.day, day.is_holiday, day.available_hours, day.leave_hours,
        person.cost_rate_base, person.utilisation_target
    from marts.person_day as day
    inner join core.person as person on person.person_id = day.person_id
    where day.day <= $as_of
),
workday as (
    select month, count(distinct day) as days from people_day where not is_holiday group by month
),
capacity as (
    select
        people_day.month, practice,
        sum(available_hours + leave_hours) / max(workday.days) as capacity_a_day,
        sum(available_hours) as available_hours,
        sum(available_hours * utilisation_target) as target_hours,
        sum((available_hours + leave_hours) * coalesce(cost_rate_base, 0)) as capacity_cost_base
    from people_day
    inner join workday on workday.month = people_day.month
    group by people_day.month, practice
),
worked as (
    select
        cast(date_trunc('month', entry.worked_on) as date) as month, coalesce(person.practice, '(none)') as practice,
        sum(entry.hours) as billable_hours
    from core.time_entry as entry
    inner join core.person as person on person.person_id = entry.person_id
    where entry.worked_on <= $as_of and entry.is_billable
    group by all
),
planned as (
    select budget.month, budget.item as practice, sum(budget.quantity) as hours, sum(budget.amount_base) as amount_base
    from core.budget as budget
    inner join (select distinct code from core.account where section = 'revenue') as account
        on account.code = budget.account_code
    where budget.item is not null and budget.quantity > 0 and budget.month <= $as_of
    group by budget.month, budget.item
),
keys as (
    select month, practice from capacity
    union
    select month, practice from worked
    union
    select month, practice from planned
)
select
    keys.month, keys.practice,
    cast(coalesce(capacity.capacity_a_day, 0) as decimal(18, 4)) as capacity_a_day,
    cast(coalesce(capacity.available_hours, 0) as decimal(18, 4)) as available_hours,
    cast(capacity.target_hours as decimal(18, 4)) as target_hours,
    cast(coalesce(worked.billable_hours, 0) as decimal(18, 4)) as billable_hours,
    cast(coalesce(capacity.capacity_cost_base, 0) as decimal(18, 2)) as capacity_cost_base,
    cast(planned.hours as decimal(18, 4)) as planned_hours,
    cast(planned.amount_base as decimal(18, 2)) as planned_base
from keys
left join capacity on capacity.month = keys.month and capacity.practice = keys.practice
left join worked on worked.month = keys.month and worked.practice = keys.practice
left join planned on planned.month = keys.month and planned.practice = keys.practice
