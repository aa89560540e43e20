-- calls to expect by interval; key: day, starts_at
-- reads intelligence.call_volume; as_of is bound
select * from intelligence.call_volume where as_of = $as_of order by day, starts_at
