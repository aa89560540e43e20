-- one row a budget line: month, account, item and currency; key: budget_id
-- amounts as the accounts report them: income positive, costs negative
-- reads staging.budget, staging.account
with section as (
    select source, code, min(section) as section
    from staging.account
    group by source, code
)

select
    budget.budget_id, budget.source, budget.source_key, budget.month, budget.account_code, budget.item,
    budget.currency, budget.quantity, budget.unit_price, budget.fx_rate,
    case when section.section in ('revenue', 'other_income') then budget.amount else -abs(budget.amount) end
        as amount,
    case
        when section.section in ('revenue', 'other_income') then budget.amount_base
        else -abs(budget.amount_base)
    end as amount_base
from staging.budget as budget
inner join section on section.source = budget.source and section.code = budget.account_code
