-- one row a day on which cash moved, up to as_of; key: day; transfers between own accounts count on both sides
-- balance at the end of the day, in the firm's currency
-- reads core.account, core.journal_line; as_of is bound
with moved as (
    select
        line.posted_on as day,
        sum(line.amount_base) as net,
        sum(line.amount_base) filter (where line.amount_base > 0) as inflow,
        -sum(line.amount_base) filter (where line.amount_base < 0) as outflow
    from core.journal_line as line
    inner join core.account as account on account.account_id = line.account_id
    where account.role = 'cash' and line.posted_on <= $as_of
    group by line.posted_on
)

select
    day,
    cast(sum(net) over (order by day) as decimal(18, 2)) as balance_base,
    cast(coalesce(inflow, 0) as decimal(18, 2)) as inflow,
    cast(coalesce(outflow, 0) as decimal(18, 2)) as outflow
from moved
