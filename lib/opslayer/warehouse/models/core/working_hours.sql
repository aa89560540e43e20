-- one row a person whose hours a source says, that of the source that stands first in firm.toml; key: person_id
-- works_from and works_until are HH:MM on a clock in time_zone, the firm's where it is null
-- reads staging.working_hours, core.person_alias; sources is bound
with
placed as (
    select
        coalesce(alias.person_id, hours.person_id) as person_id,
        hours.time_zone, hours.works_from, hours.works_until,
        row_number() over (
            partition by coalesce(alias.person_id, hours.person_id)
            order by list_position($sources, hours.source), hours.source_key
        ) as place
    from staging.working_hours as hours
    left join core.person_alias as alias on alias.alias_id = hours.person_id
)

select person_id, time_zone, works_from, works_until
from placed
where place = 1
