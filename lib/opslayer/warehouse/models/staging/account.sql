-- one row a ledger account; key: account_id
-- section says where its movements stand in the accounts, role which control account it is
-- reads mapped.account
select
    source || ':' || source_key as account_id,
    source,
    source_key,
    code,
    name,
    type,
    case
        when type = 'revenue' then 'revenue'
        when type = 'direct_cost' then 'direct_cost'
        when type = 'expense' then 'overhead'
        when type = 'other_income' then 'other_income'
        else 'balance_sheet'
    end as section,
    case when type = 'bank' then 'cash' when type in ('receivable', 'payable') then type end as role,
    '' as _cast_errors,
    _conflict
from mapped.account
