-- the receivables control account against open invoices; one row; base currency
select as_of, control_balance, open_base, unapplied_base, quarantined_base, documents, difference, tolerance
from marts.receivables_reconciliation
