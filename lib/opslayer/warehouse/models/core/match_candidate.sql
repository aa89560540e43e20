-- one row a pair that may be one party or person and was not joined, for a person to say; key: entity, left_id, right_id
-- answered by a row of the crosswalk; a pair of which either end is joined to another there is not asked about
-- reads core.party_pair, core.person_pair, core.crosswalk, staging.crosswalk
with pair as (
    select 'party' as entity, left_id, right_id, left_name, right_name, signs, confidence from core.party_pair
    union all
    select 'person' as entity, left_id, right_id, left_name, right_name, signs, confidence from core.person_pair
),

named as (
    select entity, alias_id as id, canonical_id from core.crosswalk
    union
    select entity, canonical_id as id, canonical_id from core.crosswalk
),

joined as (
    -- each source in which a member has its own
    select distinct one.entity, one.id, split_part(other.id, ':', 1) as source
    from named as one
    inner join named as other on other.entity = one.entity and other.canonical_id = one.canonical_id
)

select pair.entity, pair.left_id, pair.right_id, pair.left_name, pair.right_name, pair.signs
from pair
anti join joined on joined.entity = pair.entity and joined.id = pair.left_id
    and joined.source = split_part(pair.right_id, ':', 1)
anti join joined as taken on taken.entity = pair.entity and taken.id = pair.right_id
    and taken.source = split_part(pair.left_id, ':', 1)
anti join staging.crosswalk as said on said.entity = pair.entity
    and least(said.left_id, said.right_id) = least(pair.left_id, pair.right_id)
    and greatest(said.left_id, said.right_id) = greatest(pair.left_id, pair.right_id)
