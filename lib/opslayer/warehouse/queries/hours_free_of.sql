-- hours free of given people, by week; key: person_id, week_start; $person_ids is a JSON list of them
-- reads marts.person_capacity
select person_id, week_start, free_hours
from marts.person_capacity
where person_id in (select unnest(from_json($person_ids, '["VARCHAR"]')))
order by person_id, week_start
