-- one row a field that was read of a document, with its place; key: document_id, field
-- reads intelligence.document_field
select * from intelligence.document_field
where as_of = (select max(as_of) from intelligence.document_field)
order by document_id, field
