-- a day to come with hours in which more people are needed at the phone than answer then today; key: subject, the day
-- an hour counts where it takes $people more than have answered in such hours, on average
-- reads intelligence.call_volume; as_of is bound
select
    cast(day as varchar) as subject,
    'The phones on ' || strftime(day, '%A %-d %B') as name,
    cast(null as decimal(18, 2)) as amount_base,
    cast(null as varchar) as recipient_id,    -- nobody's own: it goes to the role that the rule names
    day,
    cast(count(*) as bigint) as hours_short,
    max(agents) as people_needed,
    sum(calls) as calls,
    string_agg(starts_at, ', ' order by starts_at) as starts
from intelligence.call_volume
where
    as_of = $as_of                              -- it was worked out today
    and agents >= answered_by + $people         -- it takes $people more than answer in such hours, or yet more
group by day
