-- one row a person and the last four whole weeks, those named first, most money first; key: person_id
-- reads intelligence.utilisation; as_of is bound
select * from intelligence.utilisation
where as_of = $as_of
order by is_named desc, money_short_base desc nulls last, short_hours desc nulls last, person_id
