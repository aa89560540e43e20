-- one row a document of the last day they were read; key: as_of, document_id
-- reads intelligence.document
select * from intelligence.document
where as_of = (select max(as_of) from intelligence.document)
order by received_at desc, document_id
