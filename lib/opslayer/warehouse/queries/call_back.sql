-- whom to call back, first first; key: call_id
-- reads intelligence.call_back; as_of is bound
select * from intelligence.call_back where as_of = $as_of order by rank
