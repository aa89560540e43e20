-- one row a person, project, role, week and where the hours come from; key: change_id, role, week_start, taken_from
-- reads intelligence.staffing_change; as_of is bound
select * from intelligence.staffing_change
where as_of = $as_of
order by change_id, role, week_start, taken_from
