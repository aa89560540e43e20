-- one row a person who works for the firm, under the key of the source that stands first in firm.toml; key: person_id
-- what that source does not say is taken from the next that names the person; rates in the base currency for an hour
-- reads staging.person, core.person_alias; sources is bound
with placed as (
    select
        person.number, person.name, person.email, person.practice, person.role, person.hired_on, person.left_on,
        person.weekly_hours, person.cost_rate_base, person.bill_rate_base, person.utilisation_target,
        person.source, person.source_key,
        coalesce(manager.person_id, person.manager_id) as manager_id,
        coalesce(alias.person_id, person.person_id) as person_id,
        row_number() over (
            partition by coalesce(alias.person_id, person.person_id)
            order by (alias.person_id is not null), list_position($sources, person.source), person.source_key
        ) as place
    from staging.person as person
    left join core.person_alias as alias on alias.alias_id = person.person_id
    left join core.person_alias as manager on manager.alias_id = person.manager_id
)

select
    person_id,
    min_by(source, place) as source,
    min_by(source_key, place) as source_key,
    min_by(number, place) as number,
    min_by(name, place) as name,
    min_by(email, place) as email,
    min_by(practice, place) as practice,
    min_by(role, place) as role,
    min_by(manager_id, place) as manager_id,
    min_by(hired_on, place) as hired_on,
    min_by(left_on, place) as left_on,
    min_by(weekly_hours, place) as weekly_hours,
    min_by(cost_rate_base, place) as cost_rate_base,
    min_by(bill_rate_base, place) as bill_rate_base,
    min_by(utilisation_target, place) as utilisation_target
from placed
group by person_id
