-- one row a document that waits for a person, the last that came first; key: document_id
-- reads intelligence.document
select * from intelligence.document
where as_of = (select max(as_of) from intelligence.document) and standing = 'waits'
order by received_at desc, document_id
