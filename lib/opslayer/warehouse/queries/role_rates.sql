-- one row a practice and role of those employed as of the day, with the middle price of an hour; key: practice, role
-- reads core.person; as_of is bound
select practice, role, cast(median(bill_rate_base) as decimal(18, 2)) as rate_base
from core.person
where role is not null and bill_rate_base > 0 and coalesce(left_on, $as_of) >= $as_of
group by practice, role
order by practice, role
