-- one row a mail and thing it says of what is wanted, with the words; key: message_id, field
-- reads intelligence.inquiry_fact, intelligence.inquiry; as_of is bound
select inquiry.subject, fact.*
from intelligence.inquiry_fact as fact
inner join intelligence.inquiry as inquiry
    on inquiry.message_id = fact.message_id and inquiry.as_of = fact.as_of
where fact.as_of = $as_of and inquiry.verdict = 'inquiry'
order by inquiry.score desc, fact.message_id, fact.place, fact.start, fact.field
