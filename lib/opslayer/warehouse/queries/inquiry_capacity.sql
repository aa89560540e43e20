-- one row an inquiry, skill and week; key: message_id, skill, week_start
-- reads intelligence.inquiry_capacity, intelligence.inquiry; as_of is bound
select inquiry.subject, capacity.*
from intelligence.inquiry_capacity as capacity
inner join intelligence.inquiry as inquiry
    on inquiry.message_id = capacity.message_id and inquiry.as_of = capacity.as_of
where capacity.as_of = $as_of
order by inquiry.score desc, capacity.message_id, capacity.skill, capacity.week_start
