-- one row a pair of parties of two sources that may be one; key: left_id, right_id; the more weight, the more signs
-- sure are one tax number, one domain, one name that no domain speaks against, or a near name (Jaro-Winkler 0.85) with
-- one telephone or one first part of the domain; a near name alone (0.92) is a candidate
-- reads staging.party
with party as (
    select
        party_id,
        source,
        name,
        as_firm_name(name) as plain_name,
        nullif(regexp_replace(upper(tax_id), '[^A-Z0-9]', '', 'g'), '') as tax_id,
        coalesce(as_domain(website), as_domain(email)) as domain,
        nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 8), '') as phone
    from staging.party
),

sign as (
    select party_id, source, 'tax number' as sign, tax_id as value from party where tax_id is not null
    union all
    select party_id, source, 'domain' as sign, domain as value from party
    where
        domain is not null and split_part(domain, '.', 1) not in (
            'gmail', 'googlemail', 'outlook', 'hotmail', 'live', 'yahoo', 'icloud', 'gmx', 'web', 'aol', 'proton',
            'protonmail', 'mail', 'eircom', 'orange', 'free', 'btinternet', 't-online'
        )
    union all
    select party_id, source, 'name' as sign, plain_name as value from party where plain_name is not null
    union all
    select party_id, source, 'telephone' as sign, phone as value from party where length(phone) = 8
    union all
    select party_id, source, 'first part of the domain' as sign, split_part(domain, '.', 1) as value from party
    where length(split_part(domain, '.', 1)) > 3
    union all
    select party_id, source, 'beginning' as sign, left(plain_name, 5) as value from party
    where length(plain_name) > 5
),

telling as (
    -- what many of one system share says nothing of any
    select party_id, source, sign, value
    from sign
    qualify count(*) over (partition by source, sign, value) <= case when sign = 'beginning' then 40 else 5 end
),

met as (
    select
        one.party_id as left_id,
        other.party_id as right_id,
        coalesce(bool_or(one.sign = 'tax number'), false) as is_tax,
        coalesce(bool_or(one.sign = 'domain'), false) as is_domain,
        coalesce(bool_or(one.sign = 'name'), false) as is_name,
        coalesce(bool_or(one.sign in ('telephone', 'first part of the domain')), false) as is_second
    from telling as one
    inner join telling as other
        on other.sign = one.sign and other.value = one.value and other.source > one.source
    group by one.party_id, other.party_id
),

likened as (
    select
        met.left_id, met.right_id, met.is_tax, met.is_domain, met.is_name, met.is_second,
        one.source as left_source,
        other.source as right_source,
        one.name as left_name,
        other.name as right_name,
        jaro_winkler_similarity(one.plain_name, other.plain_name) as likeness,
        coalesce(one.tax_id <> other.tax_id, false) as is_other_tax,
        coalesce(one.domain <> other.domain, false) as is_other_domain
    from met
    inner join party as one on one.party_id = met.left_id
    inner join party as other on other.party_id = met.right_id
),

measured as (
    select *, likeness >= case when is_second and not is_domain then 0.85 else 0.92 end as is_near from likened
),

judged as (
    select
        *,
        not is_other_tax and (
            is_tax or is_domain
            or (is_name and (is_second or not is_other_domain))
            or (is_near and is_second)
        ) as is_sure,
        8 * cast(is_tax as integer) + 4 * cast(is_domain as integer) + 2 * cast(is_name as integer)
        + cast(is_second as integer) + cast(is_near as integer) as weight
    from measured
    where not is_other_tax and (is_tax or is_domain or is_name or is_near)
)

select
    left_id, right_id, left_source, right_source, left_name, right_name,
    concat_ws(
        ', ',
        case when is_tax then 'tax number' end,
        case when is_domain then 'domain' end,
        case when is_name then 'name' when is_near then 'near name' end,
        case when is_second and not is_domain then 'telephone or domain' end
    ) as signs,
    cast(
        case
            when is_tax then 0.99
            when is_domain and is_near then 0.98
            when is_domain or is_name then 0.9
            else round(0.9 * likeness, 2)
        end as double
    ) as confidence,
    weight,
    is_sure
from judged
