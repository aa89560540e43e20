-- one row a mail; key: message_id, of a digest of its bytes
-- reads mapped.message
select
    source || ':' || source_key as message_id,
    source,
    source_key,
    internet_message_id,
    in_reply_to,
    thread_references,
    from_name,
    from_address,
    reply_to,
    to_addresses,
    cc_addresses,
    subject,
    as_timestamp(sent_at) as sent_at,
    as_timestamp(received_at) as received_at,
    body,
    attachments,
    attachment_text,
    auto_submitted,
    precedence,
    list_id,
    list_unsubscribe,
    authentication,
    try_cast(size_bytes as bigint) as size_bytes,
    as_boolean(is_truncated) as is_truncated,
    defects,
    concat_ws(
        ',',
        uncast('sent_at', sent_at, as_timestamp(sent_at)),
        uncast('received_at', received_at, as_timestamp(received_at)),
        uncast('size_bytes', size_bytes, try_cast(size_bytes as bigint)),
        uncast('is_truncated', is_truncated, as_boolean(is_truncated))
    ) as _cast_errors,
    _conflict
from mapped.message
