-- one row a person and whole week of the last 56; key: person_id, week_start; hours
-- reads marts.person_week; as_of is bound
select * from marts.person_week
where week_start >= date_trunc('week', $as_of) - interval 392 day
order by person_id, week_start
