-- one row a sales invoice; key: invoice_id; total in the document's currency, total_base in the firm's
-- fx_rate: base currency for one unit of the document's currency, as the document has it
-- reads mapped.invoice; base_currency is bound
select
    source || ':' || source_key as invoice_id,
    source,
    source_key,
    number,
    coalesce(party_source, source) || ':' || party_key as party_id,
    as_date(issued_on) as issued_on,
    as_date(due_on) as due_on,
    upper(currency) as currency,
    coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end) as fx_rate,
    as_money(subtotal) as subtotal,
    coalesce(as_money(tax), 0.00) as tax,
    as_money(total) as total,
    cast(
        round(
            as_money(total)
            * coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end),
            2
        ) as decimal(18, 2)
    ) as total_base,
    lower(status) as status,
    coalesce(as_boolean(is_disputed), false) as is_disputed,
    reference,
    as_timestamp(updated_at) as updated_at,
    concat_ws(
        ',',
        uncast('issued_on', issued_on, as_date(issued_on)),
        uncast('due_on', due_on, as_date(due_on)),
        uncast('fx_rate', fx_rate, as_rate(fx_rate)),
        uncast('subtotal', subtotal, as_money(subtotal)),
        uncast('tax', tax, as_money(tax)),
        uncast('total', total, as_money(total)),
        uncast('is_disputed', is_disputed, as_boolean(is_disputed)),
        uncast('updated_at', updated_at, as_timestamp(updated_at))
    ) as _cast_errors,
    _conflict
from mapped.invoice
