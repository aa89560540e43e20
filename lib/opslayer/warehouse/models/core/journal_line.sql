-- one row a line of a journal; key: journal_line_id; amount_base in the firm's currency, debit positive
-- reads staging.journal_line
select
    journal_line_id, source, source_key, journal_id, journal_number, posted_on, created_at, account_id,
    description, amount_base, document_type, document_id
from staging.journal_line
