-- one row a pair of parties or of people of two sources that may be one; key: entity, left_id, right_id
-- is_one: it is sure, and neither has a better or an equal match in the other's source
-- reads core.party_pair, core.person_pair
with pair as (
    select 'party' as entity, * from core.party_pair
    union all by name
    select 'person' as entity, * from core.person_pair
),

ranked as (
    select
        *,
        rank() over (partition by entity, left_id, right_source, is_sure order by weight desc) as left_rank,
        rank() over (partition by entity, right_id, left_source, is_sure order by weight desc) as right_rank,
        count(*) over (partition by entity, left_id, right_source, is_sure, weight) as left_ties,
        count(*) over (partition by entity, right_id, left_source, is_sure, weight) as right_ties
    from pair
)

select
    entity, left_id, right_id, left_name, right_name, signs, confidence,
    is_sure and left_rank = 1 and right_rank = 1 and left_ties = 1 and right_ties = 1 as is_one
from ranked
