-- one row an invoice of four lines; key: invoice_id; issued over the three years to as_of
-- subtotal is the sum of the lines of invoice_line.sql
select
    'I' || i as invoice_id,
    'INV-' || i as number,
    'P' || (i * 7 % greatest(200, $lines // 2500)) as party_id,
    $as_of - cast(i % 1095 as integer) as issued_on,
    $as_of - cast(i % 1095 as integer) + 30 as due_on,
    ['EUR', 'USD', 'GBP'][1 + i % 3] as currency,
    [1.0, 0.9, 1.15][1 + i % 3] as fx_rate,
    cast(4 * (100 + i % 900) as decimal(18, 2)) as subtotal,
    cast(0.8 * (100 + i % 900) as decimal(18, 2)) as tax,
    cast(4.8 * (100 + i % 900) as decimal(18, 2)) as total,
    case when i % 20 = 0 then 'open' else 'paid' end as status,
    i % 400 = 0 as is_disputed,
    null as reference,
    cast($as_of - cast(i % 1095 as integer) as timestamptz) as updated_at
from range($lines // 4) as r (i)
