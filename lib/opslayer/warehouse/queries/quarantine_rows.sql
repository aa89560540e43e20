-- one row a rule that a row in quarantine broke; key: table_name, source, source_key, rule
-- reads quality.quarantine
select table_name, source, source_key, rule, contract, contract_version, row_json
from quality.quarantine
order by table_name, source, source_key, rule
