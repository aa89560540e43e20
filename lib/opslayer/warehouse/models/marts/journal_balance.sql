-- one row a journal; key: journal_id; balance_base is zero in sound books
-- reads core.journal_line
select
    journal_id, min(posted_on) as posted_on, count(*) as lines,
    cast(sum(amount_base) as decimal(18, 2)) as balance_base
from core.journal_line
group by journal_id
