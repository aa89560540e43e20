-- profit-and-loss journal lines of the last closed month, largest first; key: journal_line_id; income positive
select
    line.posted_on, account.section, account.code as account_code, account.name as account_name, line.description,
    -line.amount_base as amount_base
from core.journal_line as line
inner join core.account as account on account.account_id = line.account_id
where account.section <> 'balance_sheet' and line.posted_on <= $as_of
    and date_trunc('month', line.posted_on) = (select max(month) from marts.pnl_month where is_closed)
order by abs(line.amount_base) desc, line.journal_line_id
