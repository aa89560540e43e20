-- one row a line of a sales invoice; key: invoice_line_id; amount in the document's currency, without tax
-- amount_base in the firm's currency, at the invoice's rate
-- reads staging.invoice_line, staging.invoice
select
    line.invoice_line_id, line.source, line.source_key, line.invoice_id, line.item, line.description,
    line.account_code, line.quantity, line.unit_price, line.amount, line.tax,
    cast(round(line.amount * invoice.fx_rate, 2) as decimal(18, 2)) as amount_base
from staging.invoice_line as line
inner join staging.invoice as invoice on invoice.invoice_id = line.invoice_id
