-- one row a call that came in, up to as_of; key: call_id; times as the firm's clock shows them, length in minutes
-- reads core.call; as_of is bound
select
    call_id, started_local, started_on, outcome, person_id,
    cast(date_diff('second', answered_at, ended_at) as double) / 60 as minutes
from core.call
where direction = 'in' and started_on < $as_of
order by started_local, call_id
