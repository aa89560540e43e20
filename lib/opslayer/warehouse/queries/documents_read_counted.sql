-- one row: documents of the last day they were read that do not wait
-- reads intelligence.document, core.document
select cast(count(*) as double) as value
from core.document as came
inner join intelligence.document as found on found.document_id = came.document_id
where found.as_of = (select max(as_of) from intelligence.document) and found.exception is null
