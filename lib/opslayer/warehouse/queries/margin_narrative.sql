-- the difference of each explained month in words, of the firm (practice null) and of each practice
-- key: month, practice
select as_of, month, practice, paragraph, facts, model, model_version
from intelligence.margin_narrative
where as_of = (select max(as_of) from intelligence.margin_narrative)
order by month, practice nulls first
