-- one row a document that came in the last $days, with its lines or why it was refused; key: document_id
-- reads core.document; as_of and days are bound
select document_id, name, origin, received_at, sender, refused, why, lines
from core.document
where cast(received_at as date) between cast($as_of as date) - cast($days as integer) and $as_of
order by received_at, document_id
