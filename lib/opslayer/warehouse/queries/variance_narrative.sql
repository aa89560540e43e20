-- the difference of each explained month in words; key: month, comparison
select as_of, month, comparison, paragraph, facts, model, model_version
from intelligence.variance_narrative
where as_of = (select max(as_of) from intelligence.variance_narrative)
order by month, comparison
