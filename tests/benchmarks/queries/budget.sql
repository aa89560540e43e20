-- one row a month and account; key: budget_id
select
    account_code || '-' || i as budget_id,
    cast(date_trunc('month', $as_of) - to_months(cast(i as integer)) as date) as month,
    account_code, null as item, 'EUR' as currency, 100 as quantity, 100 as unit_price, 1.0 as fx_rate, 10000 as amount
from (values ('4000'), ('4100'), ('4200')) as a (account_code)
cross join range(36) as r (i)
