-- one row a mail since the last working day, the most certain inquiry first; key: message_id
-- reads intelligence.inquiry; as_of is bound
select * from intelligence.inquiry
where as_of = $as_of
order by score desc, message_id
