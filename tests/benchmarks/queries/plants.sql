-- what breaks: an orphan in 100,000 lines, a key twice, no amount, unknown words, impossible rates, a journal that does not sum
update core.invoice_line set invoice_id = 'books:nobody' where hash(invoice_line_id) % 100000 = 1;
insert into core.invoice_line select * from core.invoice_line where hash(invoice_line_id) % 100000 = 2;
update core.invoice_line set amount = null where hash(invoice_line_id) % 100000 = 3;
update core.invoice set currency = 'ZZZ' where hash(invoice_id) % 50000 = 1;
update core.invoice set fx_rate = -1 where hash(invoice_id) % 50000 = 2;
update core.payment set direction = 'sideways' where hash(payment_id) % 50000 = 1;
update core.journal_line set posted_on = date '1890-01-01' where hash(journal_line_id) % 50000 = 1;
update marts.journal_balance set balance_base = 1 where hash(journal_id) % 50000 = 1;
insert into core.journal_line select * from core.journal_line where hash(journal_line_id) % 50000 = 2
