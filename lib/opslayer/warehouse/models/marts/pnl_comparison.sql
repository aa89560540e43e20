-- one row a month and account that has an actual or a budget; key: month, section, account_code
-- in the firm's currency, income positive; budget null in a month without one; prior null before the first month
-- reads marts.pnl_month, core.budget, core.account; as_of is bound
with actual as (
    select month, section, account_code, max(account_name) as account_name, sum(amount_base) as amount_base
    from marts.pnl_month
    group by month, section, account_code
),

account as (
    select code, min(section) as section, min(name) as name
    from core.account
    where section <> 'balance_sheet'
    group by code
),

budget as (
    select
        budget.month, account.section, budget.account_code, max(account.name) as account_name,
        sum(budget.amount_base) as amount_base
    from core.budget as budget
    inner join account on account.code = budget.account_code
    where budget.month <= $as_of
    group by budget.month, account.section, budget.account_code
),

budgeted as (
    select distinct month from budget
),

first_month as (
    select min(month) as month from actual
),

keys as (
    select month, section, account_code from actual
    union
    select month, section, account_code from budget
    union
    -- what moved last month, or in the same month last year, and stands still now, is a variance too
    select cast(month + interval 1 month as date), section, account_code from actual
    where month + interval 1 month <= $as_of
    union
    select cast(month + interval 12 month as date), section, account_code from actual
    where month + interval 12 month <= $as_of
)

select
    keys.month, keys.section, keys.account_code, account.name as account_name,
    cast(coalesce(actual.amount_base, 0) as decimal(18, 2)) as actual,
    cast(case when budgeted.month is not null then coalesce(budget.amount_base, 0) end as decimal(18, 2))
        as budget,
    cast(case when keys.month > first_month.month then coalesce(before.amount_base, 0) end as decimal(18, 2))
        as prior_month,
    cast(
        case when keys.month >= first_month.month + interval 12 month then coalesce(year_before.amount_base, 0) end
        as decimal(18, 2)
    ) as prior_year,
    cast(
        case
            when budgeted.month is not null
                then coalesce(actual.amount_base, 0) - coalesce(budget.amount_base, 0)
        end as decimal(18, 2)
    ) as against_budget,
    cast(
        case
            when keys.month > first_month.month
                then coalesce(actual.amount_base, 0) - coalesce(before.amount_base, 0)
        end as decimal(18, 2)
    ) as against_prior
from keys
cross join first_month
left join account on account.code = keys.account_code
left join actual
    on actual.month = keys.month and actual.section = keys.section and actual.account_code = keys.account_code
left join budget
    on budget.month = keys.month and budget.section = keys.section and budget.account_code = keys.account_code
left join budgeted on budgeted.month = keys.month
left join actual as before
    on before.month + interval 1 month = keys.month and before.section = keys.section
    and before.account_code = keys.account_code
left join actual as year_before
    on year_before.month + interval 12 month = keys.month and year_before.section = keys.section
    and year_before.account_code = keys.account_code
