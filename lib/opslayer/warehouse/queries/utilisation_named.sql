-- one row a person who is named as below the target, most money first; key: person_id
-- reads intelligence.utilisation; as_of is bound
select * from intelligence.utilisation
where as_of = $as_of and is_named
order by money_short_base desc nulls last, short_hours desc nulls last, person_id
