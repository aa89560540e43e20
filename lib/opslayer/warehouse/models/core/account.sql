-- one row a ledger account; key: account_id
-- reads staging.account
select account_id, source, source_key, code, name, type, section, role
from staging.account
