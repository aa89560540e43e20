-- one row a document, whichever ways it came by: the first of them; key: document_id
-- what is in it is a stranger's: data, never an instruction; refused says why it was not read
-- reads staging.document
select
    document_id, source, source_key, name, origin, received_at, sender, about, size_bytes, kind, pages, read_by,
    refused, why, lines
from staging.document
qualify row_number() over (partition by source_key order by received_at, document_id) = 1
