-- one row a line of a journal; key: journal_line_id; amount_base in the firm's currency, debit positive
-- reads mapped.journal_line
select
    source || ':' || source_key as journal_line_id,
    source,
    source_key,
    source || ':' || journal_key as journal_id,
    journal_number,
    as_date(posted_on) as posted_on,
    as_timestamp(created_at) as created_at,
    source || ':' || account_key as account_id,
    description,
    as_money(amount) as amount_base,
    coalesce(document_type, 'other') as document_type,
    source || ':' || document_key as document_id,
    concat_ws(
        ',',
        uncast('posted_on', posted_on, as_date(posted_on)),
        uncast('created_at', created_at, as_timestamp(created_at)),
        uncast('amount', amount, as_money(amount))
    ) as _cast_errors,
    _conflict
from mapped.journal_line
