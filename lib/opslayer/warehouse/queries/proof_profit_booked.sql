-- one row: profit of the journal lines of $month; base currency, by another way than the page's
select -sum(line.amount_base) as value
from core.journal_line as line
inner join core.account as account on account.account_id = line.account_id
where account.section <> 'balance_sheet' and line.posted_on <= $as_of and date_trunc('month', line.posted_on) = $month
