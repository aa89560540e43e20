-- one row a month; key: month; profit by the accounts against profit by the balance sheet, which journals that
-- balance make the same; a line on an account that is not in the chart breaks it
-- reads marts.pnl_month, core.journal_line, core.account; as_of is bound
with pnl as (
    select month, sum(amount_base) as pnl_base
    from marts.pnl_month
    group by month
),

ledger as (
    select
        cast(date_trunc('month', line.posted_on) as date) as month,
        sum(case when account.section = 'balance_sheet' then line.amount_base else 0 end) as journal_base
    from core.journal_line as line
    left join core.account as account on account.account_id = line.account_id
    where line.posted_on <= $as_of
    group by date_trunc('month', line.posted_on)
)

select
    ledger.month,
    cast(coalesce(pnl.pnl_base, 0) as decimal(18, 2)) as pnl_base,
    cast(ledger.journal_base as decimal(18, 2)) as journal_base,
    cast(coalesce(pnl.pnl_base, 0) - ledger.journal_base as decimal(18, 2)) as difference
from ledger
left join pnl on pnl.month = ledger.month
