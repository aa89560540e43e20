-- one row an inquiry, the most certain first; key: message_id
-- reads intelligence.inquiry; as_of is bound
select * from intelligence.inquiry
where as_of = $as_of and verdict = 'inquiry'
order by score desc, message_id
