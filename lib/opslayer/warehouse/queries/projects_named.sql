-- one row a running project that is named as heading over its budget, most at risk first; key: project_id
-- reads intelligence.project_forecast; as_of is bound
select * from intelligence.project_forecast
where as_of = $as_of and is_named
order by money_at_risk_base desc nulls last, hours_at_risk desc nulls last, project_id
