-- one row a project; key: project_id; a project without a budget has none, not zero
-- budget_amount in its currency, budget_amount_base in the firm's
-- reads mapped.project; base_currency is bound
select
    source || ':' || source_key as project_id,
    source,
    source_key,
    name,
    coalesce(party_source, source) || ':' || party_key as party_id,
    practice,
    coalesce(manager_source, source) || ':' || manager_key as manager_id,
    coalesce(opportunity_source, source) || ':' || opportunity_key as opportunity_id,
    coalesce(lower(billing), 'time_and_materials') as billing,
    upper(currency) as currency,
    coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end) as fx_rate,
    nullif(as_money(budget_amount), 0) as budget_amount,
    cast(
        round(
            nullif(as_money(budget_amount), 0)
            * coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end),
            2
        ) as decimal(18, 2)
    ) as budget_amount_base,
    nullif(as_quantity(budget_hours), 0) as budget_hours,
    as_date(starts_on) as starts_on,
    as_date(due_on) as due_on,
    as_date(ended_on) as ended_on,
    lower(status) as status,
    concat_ws(
        ',',
        uncast('fx_rate', fx_rate, as_rate(fx_rate)),
        uncast('budget_amount', budget_amount, as_money(budget_amount)),
        uncast('budget_hours', budget_hours, as_quantity(budget_hours)),
        uncast('starts_on', starts_on, as_date(starts_on)),
        uncast('due_on', due_on, as_date(due_on)),
        uncast('ended_on', ended_on, as_date(ended_on))
    ) as _cast_errors,
    _conflict
from mapped.project
