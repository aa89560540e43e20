-- the last days on which journals were posted, newest first; key: posted_on
select posted_on, $as_of - posted_on as days_ago, count(distinct journal_id) as journals, count(*) as lines
from core.journal_line
where posted_on <= $as_of
group by posted_on
order by posted_on desc
limit 30
