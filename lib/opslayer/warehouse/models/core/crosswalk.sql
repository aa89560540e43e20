-- one row a key by which another system names a party or person; key: entity, alias_id
-- canonical_id: the key of the same one in the source that stands first in firm.toml; what is not here names itself
-- what the firm says in a crosswalk always holds. Inferred pairs are then followed from system to system; where
-- that would make one of two that a system keeps apart, or that the firm does, none of those pairs is taken
-- reads staging.party, staging.person, staging.crosswalk, core.identity_pair; sources is bound
with recursive member as (
    select 'party' as entity, party_id as id, source from staging.party
    union all
    select 'person' as entity, person_id as id, source from staging.person
),

pair as (
    select entity, least(left_id, right_id) as left_id, greatest(left_id, right_id) as right_id, signs, confidence
    from core.identity_pair
    where is_one
),

said as (
    select said.entity, said.left_id, said.right_id, said.is_same
    from staging.crosswalk as said
    inner join member as one on one.entity = said.entity and one.id = said.left_id
    inner join member as other on other.entity = said.entity and other.id = said.right_id
),

said_link as (
    select entity, left_id as id, right_id as other from said where is_same
    union
    select entity, right_id as id, left_id as other from said where is_same
),

said_reach as (
    select entity, id, id as other from said_link
    union
    select reach.entity, reach.id, link.other
    from said_reach as reach
    inner join said_link as link on link.entity = reach.entity and link.id = reach.other
),

said_group as (select entity, id, min(other) as group_id from said_reach group by entity, id),

grouped as (
    select member.entity, member.id, member.source, coalesce(said.group_id, member.id) as group_id
    from member
    left join said_group as said on said.entity = member.entity and said.id = member.id
),

free as (
    -- pairs of which neither end has, by the firm's word, its own in the other's system
    select pair.entity, one.group_id as left_group, other.group_id as right_group
    from pair
    inner join grouped as one on one.entity = pair.entity and one.id = pair.left_id
    inner join grouped as other on other.entity = pair.entity and other.id = pair.right_id
    left join grouped as taken_left
        on taken_left.entity = pair.entity and taken_left.group_id = one.group_id and taken_left.source = other.source
    left join grouped as taken_right
        on
            taken_right.entity = pair.entity and taken_right.group_id = other.group_id
            and taken_right.source = one.source
    where one.group_id <> other.group_id and taken_left.id is null and taken_right.id is null
),

link as (
    select entity, left_group as id, right_group as other from free
    union
    select entity, right_group as id, left_group as other from free
),

reach as (
    select entity, id, id as other from link
    union
    select reach.entity, reach.id, link.other
    from reach
    inner join link on link.entity = reach.entity and link.id = reach.other
),

part as (select entity, id, min(other) as part_id from reach group by entity, id),

parted as (
    select grouped.entity, grouped.id, grouped.source, grouped.group_id, part.part_id
    from grouped
    left join part on part.entity = grouped.entity and part.id = grouped.group_id
),

torn as (
    select entity, part_id
    from parted
    where part_id is not null
    group by entity, part_id, source
    having count(distinct group_id) > 1
    union
    select said.entity, one.part_id
    from said
    inner join parted as one on one.entity = said.entity and one.id = said.left_id
    inner join parted as other on other.entity = said.entity and other.id = said.right_id
    where not said.is_same and one.part_id = other.part_id
),

whole as (
    select
        parted.entity, parted.id,
        case when torn.part_id is null then coalesce(parted.part_id, parted.group_id) else parted.group_id end
            as whole_id,
        coalesce(nullif(list_position($sources, parted.source), 0), 1000000) as place
    from parted
    left join torn on torn.entity = parted.entity and torn.part_id = parted.part_id
),

named as (
    select
        entity, id,
        first_value(id) over (partition by entity, whole_id order by place, id) as canonical_id
    from whole
)

select
    named.entity,
    named.id as alias_id,
    named.canonical_id,
    case
        when one.group_id = other.group_id then 'the firm says so'
        else coalesce(pair.signs, 'by way of a third system')
    end as matched_by,
    case when one.group_id = other.group_id then cast(1 as double) else coalesce(pair.confidence, 0.9) end
        as confidence
from named
inner join grouped as one on one.entity = named.entity and one.id = named.id
inner join grouped as other on other.entity = named.entity and other.id = named.canonical_id
left join pair
    on
        pair.entity = named.entity and pair.left_id = least(named.id, named.canonical_id)
        and pair.right_id = greatest(named.id, named.canonical_id)
where named.canonical_id <> named.id
