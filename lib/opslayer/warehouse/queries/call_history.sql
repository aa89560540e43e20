-- each call that came in before as_of, and each hour of the week to come; key: subject, the call, or weekday and hour
-- label: nobody answered it; null of what is to come; calls_lately come a day in such an hour in the 28 days before, and
-- share_lately of them were missed, drawn towards usual, the share of all, as if by ten calls more
-- reads core.call; as_of is bound
with
hours as (
    select
        started_on as day, hour(started_local) as hour, count(*) as calls,
        count(*) filter (where outcome <> 'answered') as missed
    from core.call
    where direction = 'in' and started_on < $as_of
    group by started_on, hour(started_local)
),

slots as (
    select day, hour from hours
    union
    select cast($as_of as date) as day, hour from hours
),

overall as (
    select (sum(missed) + 0.5) / (sum(calls) + 10) as usual from hours
),

lately as (
    select
        slots.day, slots.hour, coalesce(sum(hours.calls), 0) / 20 as calls_lately,    -- 28 days have 20 that are open
        (coalesce(sum(hours.missed), 0) + 10 * any_value(overall.usual)) / (coalesce(sum(hours.calls), 0) + 10) as share_lately,
        any_value(overall.usual) as usual
    from slots
    cross join overall
    left join hours on hours.hour = slots.hour and hours.day >= slots.day - 28 and hours.day < slots.day
    group by slots.day, slots.hour
)

select
    call.call_id as subject, dayname(call.started_local) as weekday, lately.hour, lately.calls_lately,
    lately.share_lately, lately.usual,
    call.started_on as decided_at, call.started_on as known_at, call.outcome <> 'answered' as label
from core.call as call
inner join lately on lately.day = call.started_on and lately.hour = hour(call.started_local)
where call.direction = 'in' and call.started_on < $as_of
union all
select
    week.weekday || ' ' || lately.hour as subject, week.weekday, lately.hour, lately.calls_lately, lately.share_lately,
    lately.usual, lately.day as decided_at, null as known_at, null as label
from lately
cross join (select dayname(date '2024-01-01' + cast(unnest(range(7)) as integer)) as weekday) as week
where lately.day = $as_of
order by decided_at, subject
