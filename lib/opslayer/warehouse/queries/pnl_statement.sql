-- profit and loss of one month ($month) beside budget, the month before and a year before; key: line
-- profit-signed, base currency; a column is null where nothing is known to compare with
with line (place, line, section) as (
    values
        (1, 'Revenue', 'revenue'),
        (2, 'Direct costs', 'direct_cost'),
        (3, 'Gross profit', 'revenue'), (3, 'Gross profit', 'direct_cost'),
        (4, 'Overheads', 'overhead'),
        (5, 'Other income', 'other_income'),
        (6, 'Profit', 'revenue'), (6, 'Profit', 'direct_cost'), (6, 'Profit', 'overhead'), (6, 'Profit', 'other_income')
)

select
    line.line,
    cast(coalesce(sum(pnl.actual), 0) as decimal(18, 2)) as actual,
    cast(sum(pnl.budget) as decimal(18, 2)) as budget,
    cast(sum(pnl.against_budget) as decimal(18, 2)) as against_budget,
    cast(sum(pnl.prior_month) as decimal(18, 2)) as prior_month,
    cast(sum(pnl.prior_year) as decimal(18, 2)) as prior_year
from line
left join marts.pnl_comparison as pnl on pnl.section = line.section and pnl.month = $month
group by line.place, line.line
order by line.place
