-- one row a supplier's bill; key: bill_id; one for five invoices
select
    'B' || i as bill_id,
    'BILL-' || i as number,
    'P' || (i * 5 % greatest(200, $lines // 2500)) as party_id,
    $as_of - cast(i % 1095 as integer) as issued_on,
    $as_of - cast(i % 1095 as integer) + 30 as due_on,
    'EUR' as currency,
    1.0 as fx_rate,
    cast(500 + i % 500 as decimal(18, 2)) as subtotal,
    cast(0 as decimal(18, 2)) as tax,
    cast(500 + i % 500 as decimal(18, 2)) as total,
    'open' as status,
    null as reference,
    cast($as_of - cast(i % 1095 as integer) as timestamptz) as updated_at
from range($lines // 20) as r (i)
