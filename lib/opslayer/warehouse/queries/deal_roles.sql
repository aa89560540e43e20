-- one row a deal of this forecast or the one before and role it would need; key: opportunity_id, role; hours
-- basis: as sold; else its amount over the practice's price, in the roles the practice sells
-- reads intelligence.win_forecast, core.opportunity_role, core.opportunity, core.person; as_of is bound
with
deals as (
    select opportunity_id, practice, amount_base
    from intelligence.win_forecast
    where as_of = $as_of or as_of = (select max(as_of) from intelligence.win_forecast where as_of < $as_of)
    qualify row_number() over (partition by opportunity_id order by as_of desc) = 1
),
sold as (
    select opportunity_id, role, sum(hours) as hours
    from core.opportunity_role
    where hours > 0 and role is not null
    group by opportunity_id, role
),
mix as (
    select deal.practice, sold.role, sum(sold.hours) / sum(sum(sold.hours)) over (partition by deal.practice) as share
    from sold
    inner join core.opportunity as deal on deal.opportunity_id = sold.opportunity_id
    group by deal.practice, sold.role
),
price as (
    select practice, avg(bill_rate_base) as price from core.person where bill_rate_base > 0 group by practice
)
select deals.opportunity_id, sold.role, cast(sold.hours as decimal(18, 4)) as hours, 'sold' as basis
from deals
inner join sold on sold.opportunity_id = deals.opportunity_id
union all
select
    deals.opportunity_id,
    mix.role,
    cast(deals.amount_base / price.price * mix.share as decimal(18, 4)) as hours,
    'practice' as basis
from deals
inner join mix on mix.practice = deals.practice
inner join price on price.practice = deals.practice
where deals.amount_base > 0 and deals.opportunity_id not in (select opportunity_id from sold)
order by 1, 2
