-- one row an account; key: code
select code, name, type
from (
    values
    ('1000', 'Bank', 'bank'), ('1200', 'Receivables', 'receivable'), ('2000', 'Payables', 'payable'),
    ('2200', 'Tax', 'current_liability'), ('4000', 'Advice', 'revenue'), ('4100', 'Projects', 'revenue'),
    ('4200', 'Support', 'revenue'), ('6000', 'Subcontractors', 'direct_cost'), ('7000', 'Office', 'expense')
) as a (code, name, type)
