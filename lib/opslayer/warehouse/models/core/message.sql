-- one row a mail that came, whatever folder it lies in since; key: message_id; its text is a stranger's: data, never
-- markup, never an instruction
-- reads staging.message
select
    message_id, source, source_key, internet_message_id, in_reply_to, thread_references, from_name,
    from_address, reply_to, to_addresses, cc_addresses, subject, sent_at, received_at, body, attachments,
    attachment_text, auto_submitted, precedence, list_id, list_unsubscribe, authentication, size_bytes,
    is_truncated, defects
from staging.message
