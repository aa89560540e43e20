-- clients in touch less and less, to who led their last project; key: subject
-- amount_base is what they bought in the last year, in base currency
-- reads intelligence.client_drift, core.project
select
    drift.party_id as subject,
    drift.party_name as name,
    drift.revenue_year_base as amount_base,
    (
        select arg_max(project.manager_id, project.starts_on) from core.project as project
        where project.party_id = drift.party_id and project.manager_id is not null
    ) as recipient_id,
    drift.last_contact_on,
    drift.silent_days,
    drift.reasons
from intelligence.client_drift as drift
where
    drift.as_of = (select max(as_of) from intelligence.client_drift)    -- it is of the last day that was looked at
    and drift.is_drifting                                               -- it is in touch less and less
    and drift.revenue_year_base >= $from_amount                         -- bought for $from_amount or more in a year
