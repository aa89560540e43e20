-- one row a month and profit-and-loss account; key: month, account_id
-- amount_base in the firm's currency: income positive, costs negative, so that profit is the sum
-- reads core.journal_line, core.account; as_of is bound
select
    cast(date_trunc('month', line.posted_on) as date) as month,
    account.section, account.account_id, account.code as account_code, account.name as account_name,
    cast(-sum(line.amount_base) as decimal(18, 2)) as amount_base,
    last_day(cast(date_trunc('month', line.posted_on) as date)) <= $as_of as is_closed
from core.journal_line as line
inner join core.account as account on account.account_id = line.account_id
where account.section <> 'balance_sheet' and line.posted_on <= $as_of
group by
    date_trunc('month', line.posted_on), account.section, account.account_id, account.code, account.name
