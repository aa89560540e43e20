-- one row a pair of people of two sources that may be one; key: left_id, right_id; the more weight, the more signs
-- sure are one mail address, one staff number with a near name, or one name with one local part of the address
-- reads staging.person
with person as (
    select
        person_id,
        source,
        name,
        as_plain(name) as plain_name,
        lower(trim(email)) as email,
        nullif(split_part(lower(trim(email)), '@', 1), '') as local_part,
        as_plain(number) as number
    from staging.person
),

sign as (
    select person_id, source, 'address' as sign, email as value from person where email is not null
    union all
    select person_id, source, 'number' as sign, number as value from person where number is not null
    union all
    select person_id, source, 'local part' as sign, local_part as value from person where local_part is not null
    union all
    select person_id, source, 'name' as sign, plain_name as value from person where plain_name is not null
),

telling as (
    -- what many of one system share says nothing of any
    select person_id, source, sign, value
    from sign
    qualify count(*) over (partition by source, sign, value) <= 20
),

met as (
    select
        one.person_id as left_id,
        other.person_id as right_id,
        coalesce(bool_or(one.sign = 'address'), false) as is_address,
        coalesce(bool_or(one.sign = 'number'), false) as is_number,
        coalesce(bool_or(one.sign = 'local part'), false) as is_local_part,
        coalesce(bool_or(one.sign = 'name'), false) as is_name
    from telling as one
    inner join telling as other
        on other.sign = one.sign and other.value = one.value and other.source > one.source
    group by one.person_id, other.person_id
),

judged as (
    select
        met.left_id, met.right_id, met.is_address, met.is_number, met.is_local_part, met.is_name,
        one.source as left_source,
        other.source as right_source,
        one.name as left_name,
        other.name as right_name,
        jaro_winkler_similarity(one.plain_name, other.plain_name) as likeness,
        met.is_address
        or (met.is_number and jaro_winkler_similarity(one.plain_name, other.plain_name) >= 0.85)
        or (met.is_name and met.is_local_part) as is_sure,
        8 * cast(met.is_address as integer) + 4 * cast(met.is_number as integer)
        + 2 * cast(met.is_local_part as integer) + cast(met.is_name as integer) as weight
    from met
    inner join person as one on one.person_id = met.left_id
    inner join person as other on other.person_id = met.right_id
)

select
    left_id, right_id, left_source, right_source, left_name, right_name,
    concat_ws(
        ', ',
        case when is_address then 'address' end,
        case when is_number then 'staff number' end,
        case when is_local_part and not is_address then 'local part of the address' end,
        case when is_name then 'name' when likeness >= 0.92 then 'near name' end
    ) as signs,
    cast(case when is_address then 0.99 when is_number then 0.95 when is_sure then 0.9 else 0.5 end as double)
        as confidence,
    weight,
    is_sure
from judged
