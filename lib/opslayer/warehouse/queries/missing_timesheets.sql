-- people without any time for the whole of last week, to themselves; key: subject, of person and week
-- amount_base is what is not billed until it is there: the hours of the target at the person's price; hours
-- reads marts.time_check, core.person
select
    found.subject,
    person.name,
    cast(
        found.hours * coalesce(person.utilisation_target, 1) * person.bill_rate_base as decimal(18, 2)
    ) as amount_base,
    person.person_id as recipient_id,
    found.week_start,
    found.hours
from marts.time_check as found
inner join core.person as person on person.person_id = found.person_id
where
    found.finding = 'missing_sheet'     -- no time was entered for the whole week
    and person.left_on is null          -- the person works here
