-- one row a client or supplier; key: party_id; one for 2,500 invoice lines, 200 at least
select
    'P' || i as party_id,
    'Client ' || i as name,
    'accounts@client' || i || '.example' as email,
    case when i % 5 = 0 then 'supplier' else 'client' end as kind,
    'EUR' as currency,
    30 as payment_terms_days,
    true as is_active
from range(greatest(200, $lines // 2500)) as r (i)
