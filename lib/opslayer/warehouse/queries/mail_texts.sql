-- one row a mail, with what is read of it; key: message_id
-- reads core.message
select
    message_id,
    received_at,
    coalesce(subject, '') || chr(10) || coalesce(body, '') as text
from core.message
order by message_id
