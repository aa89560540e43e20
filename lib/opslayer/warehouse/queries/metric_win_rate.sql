-- one row: share won of the deals decided in the last 91 days, and in the 91 before
with decided as (
    select opportunity_id, any_value(outcome) as outcome, any_value(closed_on) as closed_on
    from marts.opportunity_history
    where closed_on is not null
    group by opportunity_id
)
select
    avg(case when outcome = 'won' then 1.0 else 0.0 end) filter (where closed_on > $as_of - 91) as value,
    avg(case when outcome = 'won' then 1.0 else 0.0 end) filter (
        where closed_on <= $as_of - 91 and closed_on > $as_of - 182
    ) as previous
from decided
