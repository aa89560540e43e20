-- one row a deal whose stage moved since the forecast before, most cash moved first; key: opportunity_id; base currency
-- reads intelligence.chain_move; as_of is bound
select
    as_of,
    opportunity_id,
    any_value(name) as name,
    any_value(stage_before) as stage_before,
    any_value(stage_after) as stage_after,
    coalesce(sum(moved) filter (where step = 'win'), 0) as chance_moved,
    coalesce(sum(moved) filter (where step = 'demand'), 0) as hours_moved,
    coalesce(sum(moved) filter (where step = 'revenue'), 0) as revenue_moved_base,
    coalesce(sum(moved) filter (where step = 'margin'), 0) as margin_moved_base,
    coalesce(sum(moved) filter (where step = 'cash' and not is_later), 0) as cash_moved_base
from intelligence.chain_move
where as_of = $as_of
group by as_of, opportunity_id
order by abs(revenue_moved_base) desc, opportunity_id
