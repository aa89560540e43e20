-- one row a milestone; key: milestone_id; amount in its currency, amount_base in the firm's
-- reads mapped.milestone; base_currency is bound
select
    source || ':' || source_key as milestone_id,
    source,
    source_key,
    coalesce(project_source, source) || ':' || project_key as project_id,
    name,
    upper(currency) as currency,
    coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end) as fx_rate,
    as_money(amount) as amount,
    cast(
        round(
            as_money(amount)
            * coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end),
            2
        ) as decimal(18, 2)
    ) as amount_base,
    as_date(due_on) as due_on,
    as_date(completed_on) as completed_on,
    lower(status) as status,
    coalesce(invoice_source, source) || ':' || invoice_key as invoice_id,
    concat_ws(
        ',',
        uncast('fx_rate', fx_rate, as_rate(fx_rate)),
        uncast('amount', amount, as_money(amount)),
        uncast('due_on', due_on, as_date(due_on)),
        uncast('completed_on', completed_on, as_date(completed_on))
    ) as _cast_errors,
    _conflict
from mapped.milestone
