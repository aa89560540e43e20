-- what moved the forecast of the quarter since the week before; key: cause, key; money in the base currency
-- reads intelligence.revenue_change
select * from intelligence.revenue_change
where as_of = (select max(as_of) from intelligence.revenue_change)
order by abs(change_base) desc, cause, key
