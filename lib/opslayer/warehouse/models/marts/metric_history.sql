-- one row a metric, member and period that has ended before as_of; key: metric, member, period_start
-- frequency says how long a period is: day, week (from Monday), month; a period in which nothing happened counts 0
-- member is a practice, or firm; where a metric has practices (is_part), firm is their sum
-- value is in `unit`; money in the base currency, what was invoiced without tax
-- reads core.invoice, core.invoice_line, core.time_entry, core.person, core.call, core.payment,
-- marts.metric_level; as_of is bound
with
raw as (
    select
        'revenue' as metric, coalesce(line.item, '(none)') as member, 'month' as frequency,
        cast(date_trunc('month', invoice.issued_on) as date) as period_start, cast(line.amount_base as double) as value
    from core.invoice_line as line
    inner join core.invoice as invoice on invoice.invoice_id = line.invoice_id
    where invoice.status in ('open', 'paid')
    union all
    select
        'billable_hours', coalesce(person.practice, '(none)'), 'week',
        cast(date_trunc('week', entry.worked_on) as date), cast(entry.hours as double)
    from core.time_entry as entry
    left join core.person as person on person.person_id = entry.person_id
    where entry.is_billable
    union all
    select 'payments', 'firm', 'week', cast(date_trunc('week', payment.paid_on) as date), cast(payment.amount_base as double)
    from core.payment as payment
    where payment.direction = 'in'
    union all
    select 'calls', 'firm', 'day', call.started_on, 1
    from core.call as call
    where call.direction = 'in'
    union all
    select 'calls_missed', 'firm', 'day', call.started_on, case when call.outcome = 'answered' then 0 else 1 end
    from core.call as call
    where call.direction = 'in'
),

summed as (
    select metric, member, frequency, period_start, sum(value) as value
    from raw
    where period_start is not null
    group by metric, member, frequency, period_start
),

span as (
    select metric, member, frequency, min(period_start) as first_start
    from summed
    where period_start <= $as_of
    group by metric, member, frequency
),

-- a day has ended once the next has begun; so has a week, and a month
period as (
    select span.metric, span.member, span.frequency, cast(starts.start as date) as period_start
    from span
    cross join unnest(
        case span.frequency
            when 'day' then generate_series(cast(span.first_start as timestamp), $as_of - interval 1 day, interval 1 day)
            when 'week' then generate_series(cast(span.first_start as timestamp), $as_of - interval 7 day, interval 7 day)
            else generate_series(cast(span.first_start as timestamp), $as_of - interval 1 month, interval 1 month)
        end
    ) as starts (start)
),

filled as (
    select period.metric, period.member, period.frequency, period.period_start, coalesce(summed.value, 0) as value
    from period
    left join summed
        on summed.metric = period.metric and summed.member = period.member
        and summed.frequency = period.frequency and summed.period_start = period.period_start
),

everything as (
    select metric, member, frequency, period_start, value, metric in ('revenue', 'billable_hours') as is_part
    from filled
    union all
    select metric, 'firm', frequency, period_start, sum(value), false
    from filled
    where metric in ('revenue', 'billable_hours')
    group by metric, frequency, period_start
)

select
    metric, member, frequency, period_start,
    case when metric in ('revenue', 'payments') then 'base currency' when metric = 'billable_hours' then 'hours' else 'rows' end
        as unit,
    is_part,
    case when metric in ('revenue', 'payments') then round(value, 2) else value end as value
from everything
union all
select metric, 'firm', frequency, period_start, unit, false, value
from marts.metric_level
