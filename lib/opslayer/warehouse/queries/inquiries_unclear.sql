-- one row a mail of which a person has to say what it is, the oldest first; key: message_id
-- reads intelligence.inquiry; as_of is bound
select * from intelligence.inquiry
where as_of = $as_of and verdict = 'unclear'
order by received_at, message_id
