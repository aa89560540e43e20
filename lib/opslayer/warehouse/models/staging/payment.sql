-- one row a payment or credit set against a document, or on account where document_id is null; key: payment_id
-- amount in the document's currency, amount_base in the firm's at the document's rate
-- reads mapped.payment; base_currency is bound
select
    source || ':' || source_key as payment_id,
    source,
    source_key,
    coalesce(party_source, source) || ':' || party_key as party_id,
    lower(direction) as direction,
    coalesce(lower(kind), 'payment') as kind,
    source || ':' || document_key as document_id,
    as_date(paid_on) as paid_on,
    upper(currency) as currency,
    coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end) as fx_rate,
    as_money(amount) as amount,
    cast(
        round(
            as_money(amount)
            * coalesce(as_rate(fx_rate), case when upper(currency) = $base_currency then 1 end),
            2
        ) as decimal(18, 2)
    ) as amount_base,
    concat_ws(
        ',',
        uncast('paid_on', paid_on, as_date(paid_on)),
        uncast('fx_rate', fx_rate, as_rate(fx_rate)),
        uncast('amount', amount, as_money(amount))
    ) as _cast_errors,
    _conflict
from mapped.payment
