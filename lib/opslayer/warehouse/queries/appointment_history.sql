-- each appointment as it stood three days before it, or when it was booked later than that; key: subject
-- label: it was cancelled after that, or nobody came; null while it is to come; matures_on is its day
-- what was cancelled before is left out: nobody has to be reminded of it; usual is the share that failed, ten added
-- reads core.appointment, core.party; as_of is bound
with
standing as (
    select
        *,
        greatest(cast(coalesce(created_at, starts_at) as date), starts_on - 3) as decided_at,
        status in ('cancelled', 'no_show') as failed
    from core.appointment
    where
        starts_on is not null
        and (
            (starts_on <= $as_of and status in ('kept', 'no_show', 'cancelled'))
            or (starts_on > $as_of and status in ('booked', 'confirmed'))
        )
),
known as (
    select * from standing
    where not (status = 'cancelled' and cast(updated_at as date) < decided_at)
),
before as (
    select
        known.appointment_id,
        count(*) as earlier,
        count(*) filter (where past.failed) as earlier_failed
    from known
    inner join standing as past on past.party_id = known.party_id and past.starts_on < known.decided_at
    group by known.appointment_id
)
select
    known.appointment_id as subject,
    known.party_id,
    party.name as party_name,
    dayname(known.starts_local) as weekday,
    hour(known.starts_local) as hour,
    date_diff('minute', known.starts_at, known.ends_at) as minutes,
    date_diff('day', known.created_at, known.starts_at) as notice_days,
    coalesce(known.place like 'http%', false) as is_online,
    known.opportunity_id is not null as is_for_deal,
    coalesce(before.earlier, 0) as earlier,
    coalesce(before.earlier_failed, 0) as earlier_failed,
    known.decided_at,
    known.starts_on as matures_on,
    known.starts_on as known_at,
    (
        select (count(*) filter (where past.failed) + 0.5) / (count(*) + 10) from known as past
        where past.starts_on <= $as_of
    ) as usual,
    case when known.starts_on <= $as_of then known.failed end as label
from known
left join core.party as party on party.party_id = known.party_id
left join before on before.appointment_id = known.appointment_id
order by decided_at, subject
