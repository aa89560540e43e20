-- how what models are served stands, drifted first; key: capability, aspect, name; losses as the name says
-- reads intelligence.model_drift
select * from intelligence.model_drift
where as_of = (select max(as_of) from intelligence.model_drift)
order by capability, is_drifted desc, case aspect when 'outcomes' then 1 when 'expected' then 2 when 'score' then 3 else 4 end,
    statistic desc nulls last, name
