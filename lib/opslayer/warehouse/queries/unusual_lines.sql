-- journal lines out of the ordinary, as last looked at; key: journal_line_id; most unusual first
select as_of, journal_line_id, posted_on, account_name, amount_base, score, reasons, model, model_version
from intelligence.unusual_journal_line
where as_of = (select max(as_of) from intelligence.unusual_journal_line)
order by score desc, journal_line_id
