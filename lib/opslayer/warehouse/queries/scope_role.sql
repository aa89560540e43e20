-- one row a scope and role, the dearest scope and role first; key: message_id, role
-- reads intelligence.scope_role, intelligence.scope; as_of is bound
select scope.subject, role.*
from intelligence.scope_role as role
inner join intelligence.scope as scope on scope.message_id = role.message_id and scope.as_of = role.as_of
where role.as_of = $as_of
order by scope.price_base desc, role.message_id, role.rate_base desc, role.role
