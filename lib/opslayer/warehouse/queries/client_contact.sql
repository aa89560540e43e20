-- each day on which the firm was in touch with a client, by the way it was; key: party_id, way, day
-- a mail is a client's where its address, or that of one client only of its domain, is in the client's record
-- reads core.message, core.party, core.call, core.appointment, core.time_entry, core.project, core.opportunity, core.invoice
-- as_of is bound
with
domain as (
    select lower(split_part(email, '@', 2)) as domain, min(party_id) as party_id
    from core.party
    where email like '%@%'
    group by lower(split_part(email, '@', 2))
    having count(distinct party_id) = 1
),
contact as (
    select domain.party_id, 'mail' as way, cast(message.received_at as date) as day
    from core.message as message
    inner join domain on domain.domain = lower(split_part(message.from_address, '@', 2))
    union all
    select party_id, 'call' as way, started_on as day from core.call where answered_at is not null
    union all
    select party_id, 'meeting' as way, starts_on as day from core.appointment where status = 'kept'
    union all
    select project.party_id, 'hours' as way, time_entry.worked_on as day
    from core.time_entry as time_entry
    inner join core.project as project on project.project_id = time_entry.project_id
    union all
    select party_id, 'deal' as way, created_on as day from core.opportunity
    union all
    select party_id, 'invoice' as way, issued_on as day from core.invoice where status in ('open', 'paid')
)
select distinct party_id, way, day
from contact
where party_id is not null and day is not null and day <= $as_of
order by party_id, way, day
