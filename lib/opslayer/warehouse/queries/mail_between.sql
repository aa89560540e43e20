-- one row a mail that came in [since, until), the oldest first; key: message_id; since and until are moments, ISO 8601
-- reads core.message
select
    message_id, internet_message_id, in_reply_to, from_name, from_address, subject, received_at, body, attachments,
    attachment_text, auto_submitted, precedence, list_id, list_unsubscribe, authentication, is_truncated, defects
from core.message
where received_at >= cast($since as timestamptz) and received_at < cast($until as timestamptz)
order by received_at, message_id
