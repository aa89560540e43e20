-- one row a practice, role and week; key: practice, role, week_start; hours
-- reads intelligence.capacity_balance; as_of is bound
select * from intelligence.capacity_balance
where as_of = $as_of
order by practice, role, week_start
