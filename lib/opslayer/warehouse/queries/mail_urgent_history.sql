-- one row a mail from outside that a person wrote; key: message_id
-- label: somebody of the firm answered it within four working hours (nine to five, Monday to Friday, in UTC); false where
-- nobody did within a week, null where that is not over; ruled is not known of the past
-- reads core.message, core.person; as_of is bound
with
own as (
    select distinct lower(split_part(email, '@', 2)) as domain from core.person where email like '%@%'
),

answer as (
    select in_reply_to, received_at
    from core.message
    where in_reply_to is not null and lower(split_part(from_address, '@', 2)) in (select domain from own)
),

mail as (
    select
        message_id, internet_message_id, received_at, cast(received_at at time zone 'UTC' as timestamp) as came,
        substr(coalesce(subject, '') || chr(10) || coalesce(body, ''), 1, 20000) as text
    from core.message
    where
        lower(split_part(from_address, '@', 2)) not in (select domain from own)
        and coalesce(lower(auto_submitted), 'no') = 'no' and list_id is null and list_unsubscribe is null
        and cast(received_at as date) <= $as_of
),

day as (    -- the first on which somebody could have begun to answer
    select message_id, date_trunc('day', came) + case when hour(came) >= 17 then interval 1 day else interval 0 day end as day
    from mail
),

opened as (
    select
        mail.message_id, mail.internet_message_id, mail.received_at, mail.text,
        greatest(
            mail.came,
            day.day + to_days(case isodow(day.day) when 6 then 2 when 7 then 1 else 0 end) + interval 9 hour
        ) as begins
    from mail
    inner join day on day.message_id = mail.message_id
),

answered as (
    select
        opened.message_id, any_value(opened.text) as text, any_value(opened.received_at) as received_at,
        any_value(opened.begins) as begins, min(answer.received_at) as answered_at
    from opened
    left join answer
        on answer.in_reply_to = opened.internet_message_id and answer.received_at > opened.received_at
    group by opened.message_id
)

select
    message_id, text, cast(null as boolean) as ruled, cast(received_at as date) as decided_at,
    least(coalesce(cast(answered_at as date), cast(received_at as date) + 7), cast(received_at as date) + 7) as known_at,
    case
        when cast(answered_at at time zone 'UTC' as timestamp) <= case
            when hour(begins) < 13 then begins + interval 4 hour
            -- what is left of four hours at five goes on at nine, after a weekend on Monday
            else begins + interval 20 hour + to_days(case isodow(begins) when 5 then 2 else 0 end)
        end then true
        when cast(received_at as date) + 7 <= $as_of or answered_at is not null then false
    end as label
from answered
order by decided_at, message_id
