-- one row an invoice line; key: invoice_line_id; four an invoice, each of the same amount
select
    'L' || i as invoice_line_id,
    'I' || (i // 4) as invoice_id,
    'Service ' || (i % 4) as item,
    'hours of work on case ' || i as description,
    ['4000', '4100', '4200', '4000'][1 + i % 4] as account_code,
    cast((100 + (i // 4) % 900) / 100.0 as decimal(18, 4)) as quantity,
    cast(100 as decimal(18, 4)) as unit_price,
    cast(100 + (i // 4) % 900 as decimal(18, 2)) as amount,
    cast(0.2 * (100 + (i // 4) % 900) as decimal(18, 2)) as tax
from range($lines) as r (i)
