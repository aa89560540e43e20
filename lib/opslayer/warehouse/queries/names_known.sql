-- one row a name by which somebody is called in the firm's data; key: kind, name
-- reads core.party, core.party_alias, core.person, core.person_alias, core.billing_address
select distinct kind, trim(name) as name
from (
    select 'CLIENT' as kind, name from core.party
    union all
    select 'CLIENT' as kind, name from core.billing_address
    union all
    select 'PERSON' as kind, name from core.person
    union all
    select 'PERSON' as kind, from_name as name from core.message
) as known
where trim(name) <> ''
order by kind, name
