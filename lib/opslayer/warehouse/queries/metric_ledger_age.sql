-- one row: days since the last journal was posted
select $as_of - max(posted_on) as value, null::double as previous
from core.journal_line
where posted_on <= $as_of
