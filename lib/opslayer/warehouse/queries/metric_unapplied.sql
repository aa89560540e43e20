-- one row: share of receivables that receipts have cleared in the ledger and no invoice is known to have
select abs(unapplied_base) / greatest(abs(control_balance), 1) as value, null::double as previous
from marts.receivables_reconciliation
