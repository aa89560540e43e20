-- one row a contract under which a project is billed; key: contract_id; amounts in the project's currency
-- reads mapped.contract
select
    source || ':' || source_key as contract_id,
    source,
    source_key,
    coalesce(project_source, source) || ':' || project_key as project_id,
    lower(billing) as billing,
    as_money(cap_amount) as cap_amount,
    as_money(retainer_amount) as retainer_amount,
    nullif(trim(purchase_order), '') as purchase_order,
    as_date(billed_through) as billed_through,
    concat_ws(
        ',',
        uncast('cap_amount', cap_amount, as_money(cap_amount)),
        uncast('retainer_amount', retainer_amount, as_money(retainer_amount)),
        uncast('billed_through', billed_through, as_date(billed_through))
    ) as _cast_errors,
    _conflict
from mapped.contract
