-- journal lines posted by the snapshot's day, with the account they are in; key: journal_line_id; debit positive
select l.journal_line_id, l.journal_id, l.journal_number, l.posted_on, l.created_at, l.account_id,
       a.code as account_code, a.name as account_name, a.type as account_type, a.section, a.role,
       l.description, l.amount_base, l.document_type, l.document_id
from core.journal_line as l
inner join core.account as a on a.account_id = l.account_id
where l.posted_on <= $as_of
order by l.posted_on, l.journal_line_id
