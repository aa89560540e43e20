-- one row a budget line: month, account, item and currency; key: budget_id; costs negative
-- reads mapped.budget; base_currency is bound
select
    source || ':' || source_key as budget_id,
    source,
    source_key,
    cast(date_trunc('month', as_date(month)) as date) as month,
    account_code,
    nullif(item, '') as item,
    upper(currency) as currency,
    as_quantity(quantity) as quantity,
    as_quantity(unit_price) as unit_price,
    coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end) as fx_rate,
    as_money(amount) as amount,
    cast(
        round(
            as_money(amount)
            * coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end),
            2
        ) as decimal(18, 2)
    ) as amount_base,
    concat_ws(
        ',',
        uncast('month', month, as_date(month)),
        uncast('quantity', quantity, as_quantity(quantity)),
        uncast('unit_price', unit_price, as_quantity(unit_price)),
        uncast('fx_rate', fx_rate, as_rate(fx_rate)),
        uncast('amount', amount, as_money(amount))
    ) as _cast_errors,
    _conflict
from mapped.budget
