-- one row a mail or caller of the day that is somebody's, the most urgent first; key: subject_id
-- reads intelligence.triage; as_of is bound
select * from intelligence.triage
where as_of = $as_of and to_person_id is not null
order by case urgency when 'high' then 0 when 'normal' then 1 else 2 end, received_at, subject_id
