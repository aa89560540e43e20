-- one row a contract under which a project is billed; key: contract_id; amounts in the project's currency
-- reads staging.contract
select
    contract_id, source, source_key, project_id, billing, cap_amount, retainer_amount, purchase_order,
    billed_through
from staging.contract
