-- one row a bank account; key: as_of, account_id; balance_base in the firm's currency at the end of as_of
-- reads core.account, core.journal_line; as_of is bound
select
    cast($as_of as date) as as_of, account.account_id, account.name as account_name,
    cast(coalesce(sum(line.amount_base), 0) as decimal(18, 2)) as balance_base
from core.account as account
left join core.journal_line as line
    on line.account_id = account.account_id and line.posted_on <= $as_of
where account.role = 'cash'
group by account.account_id, account.name
