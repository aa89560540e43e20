-- one row a domain of the firm's own addresses; key: domain
-- reads core.person
select distinct lower(split_part(email, '@', 2)) as domain
from core.person
where email like '%@%'
order by domain
