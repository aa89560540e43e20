-- clients nobody had to do with for long, to who led their last project; key: subject
-- amount_base is what they bought in the last year, in base currency
-- reads intelligence.client_silence, core.project
select
    silence.party_id as subject,
    silence.party_name as name,
    silence.revenue_year_base as amount_base,
    (
        select arg_max(project.manager_id, project.starts_on) from core.project as project
        where project.party_id = silence.party_id and project.manager_id is not null
    ) as recipient_id,
    silence.last_contact_on,
    silence.silent_days,
    silence.usual_days,
    silence.reasons
from intelligence.client_silence as silence
where
    silence.as_of = (select max(as_of) from intelligence.client_silence)    -- it is of the last day that was looked at
    and silence.silent_days >= $from_days                                   -- no contact for $from_days days
    and silence.revenue_year_base >= $from_amount                           -- bought for $from_amount or more in a year
