-- one row a line of a sales invoice; key: invoice_line_id; amount in the document's currency, without tax
-- reads mapped.invoice_line
select
    source || ':' || source_key as invoice_line_id,
    source,
    source_key,
    coalesce(invoice_source, source) || ':' || invoice_key as invoice_id,
    nullif(item, '') as item,
    description,
    account_code,
    as_quantity(quantity) as quantity,
    as_quantity(unit_price) as unit_price,
    as_money(amount) as amount,
    coalesce(as_money(tax), 0.00) as tax,
    concat_ws(
        ',',
        uncast('quantity', quantity, as_quantity(quantity)),
        uncast('unit_price', unit_price, as_quantity(unit_price)),
        uncast('amount', amount, as_money(amount)),
        uncast('tax', tax, as_money(tax))
    ) as _cast_errors,
    _conflict
from mapped.invoice_line
