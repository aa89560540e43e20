-- one row a document of a folder or a mail; key: document_id, of a digest of its bytes
-- lines is JSON: [page, x0, y0, x1, y1, text] each, places as shares of the page
-- reads mapped.document
select
    source || ':' || source_key as document_id,
    source,
    source_key,
    name,
    origin,
    as_timestamp(received_at) as received_at,
    sender,
    about,
    try_cast(size_bytes as bigint) as size_bytes,
    kind,
    try_cast(pages as bigint) as pages,
    read_by,
    refused,
    why,
    lines,
    concat_ws(
        ',',
        uncast('received_at', received_at, as_timestamp(received_at)),
        uncast('size_bytes', size_bytes, try_cast(size_bytes as bigint)),
        uncast('pages', pages, try_cast(pages as bigint))
    ) as _cast_errors,
    _conflict
from mapped.document
