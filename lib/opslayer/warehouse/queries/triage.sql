-- one row a mail or caller of the day, the most urgent first; key: subject_id
-- reads intelligence.triage; as_of is bound
select * from intelligence.triage
where as_of = $as_of
order by case urgency when 'high' then 0 when 'normal' then 1 else 2 end, received_at, subject_id
