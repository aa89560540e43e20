-- one row: by how much profit of $month differs from $against; base currency, by another way than the page's
select sum(case when $against = 'budget' then pnl.against_budget else pnl.against_prior end) as value
from marts.pnl_comparison as pnl
where pnl.month = $month and exists (
    select 1 from intelligence.variance_driver as driver
    where driver.month = $month and driver.comparison = $against
)
