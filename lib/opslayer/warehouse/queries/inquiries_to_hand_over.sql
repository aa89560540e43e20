-- inquiries that came by mail within the last week, to whom triage found them to be for; key: subject
-- nothing that it left to a person is in it
-- reads intelligence.triage, intelligence.inquiry
select
    found.subject_id as subject,
    found.sender as name,
    cast(null as decimal(18, 2)) as amount_base,
    found.to_person_id as recipient_id,
    found.about,
    found.urgency,
    read.wanted,
    found.received_at,
    found.reasons
from intelligence.triage as found
inner join intelligence.inquiry as read on read.message_id = found.message_id and read.as_of = found.as_of
where
    found.as_of = (select max(as_of) from intelligence.triage)  -- it is of the last day that was triaged
    and found.as_of >= $as_of - 7                               -- which is within the last week
    and read.verdict = 'inquiry'                                -- it asks for work
    and not found.abstained                                     -- triage did not leave it to a person
    and found.to_person_id is not null                          -- it is somebody's
