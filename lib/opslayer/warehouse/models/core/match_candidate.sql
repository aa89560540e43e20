-- one row a pair that may be one party or person and was not joined, for a person to say; key: entity, left_id, right_id
-- answered by a row of the crosswalk; two who have each their own in some system are two, and are not asked about
-- reads core.identity_pair, core.crosswalk, staging.crosswalk
with named as (
    select entity, alias_id as id, canonical_id from core.crosswalk
    union
    select entity, canonical_id as id, canonical_id from core.crosswalk
    union
    select entity, left_id as id, left_id as canonical_id from core.identity_pair as pair
    anti join core.crosswalk as other on other.entity = pair.entity and other.alias_id = pair.left_id
    union
    select entity, right_id as id, right_id as canonical_id from core.identity_pair as pair
    anti join core.crosswalk as other on other.entity = pair.entity and other.alias_id = pair.right_id
),

present as (
    -- each source in which the one behind a key has a key
    select distinct one.entity, one.id, split_part(other.id, ':', 1) as source
    from named as one
    inner join named as other on other.entity = one.entity and other.canonical_id = one.canonical_id
),

apart as (
    select distinct pair.entity, pair.left_id, pair.right_id
    from core.identity_pair as pair
    inner join present as one on one.entity = pair.entity and one.id = pair.left_id
    inner join present as other
        on other.entity = pair.entity and other.id = pair.right_id and other.source = one.source
)

select pair.entity, pair.left_id, pair.right_id, pair.left_name, pair.right_name, pair.signs
from core.identity_pair as pair
anti join apart
    on apart.entity = pair.entity and apart.left_id = pair.left_id and apart.right_id = pair.right_id
anti join staging.crosswalk as said
    on
        said.entity = pair.entity and least(said.left_id, said.right_id) = least(pair.left_id, pair.right_id)
        and greatest(said.left_id, said.right_id) = greatest(pair.left_id, pair.right_id)
