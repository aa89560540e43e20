-- one row: documents that wait for a person; null before any was read
-- reads intelligence.document
select
    case when count(*) > 0 then cast(count(*) filter (where standing = 'waits') as double) end as value,
    null::double as previous
from intelligence.document
where as_of = (select max(as_of) from intelligence.document)
