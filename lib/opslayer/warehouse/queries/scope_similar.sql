-- one row a scope and past project it rests on, the most similar first; key: message_id, rank
-- reads intelligence.scope_similar, intelligence.scope; as_of is bound
select scope.subject, past.*
from intelligence.scope_similar as past
inner join intelligence.scope as scope on scope.message_id = past.message_id and scope.as_of = past.as_of
where past.as_of = $as_of
order by scope.price_base desc, past.message_id, past.rank
