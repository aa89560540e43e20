-- documents that a person has to look at because something speaks against them, or they cannot be read; key: subject
-- what is merely unsure is on the page Documents, and mailed to nobody
-- reads intelligence.document
select
    document_id as subject,
    coalesce(company, sender, name) as name,
    total as amount_base,
    cast(null as varchar) as recipient_id,
    name as file,
    exception,
    received_at,
    reasons
from intelligence.document
where
    as_of = (select max(as_of) from intelligence.document)       -- it is of the last day that documents were read
    and as_of >= $as_of - 7                                      -- which is within the last week
    and exception in ('contradicts', 'came twice', 'unreadable') -- something speaks against it, or it cannot be read
    and cast(received_at as date) >= $as_of - 14                 -- it came within two weeks
