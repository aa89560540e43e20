-- one row a practice and role of those employed on as_of; key: practice, role; rates in the base currency for an hour
-- reads core.person; as_of is bound
select
    practice,
    role,
    count(*) as people,
    cast(avg(cost_rate_base) as decimal(18, 2)) as cost_rate_base,
    cast(avg(bill_rate_base) as decimal(18, 2)) as bill_rate_base
from core.person
where role is not null and practice is not null
    and (hired_on is null or hired_on <= $as_of) and (left_on is null or left_on >= $as_of)
group by practice, role
order by practice, role
