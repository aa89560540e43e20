-- people named as below their target, to who leads them; key: subject
-- amount_base is what was not billed for it in the last four weeks, in base currency; hours
-- reads intelligence.utilisation, core.person
select
    utilisation.person_id as subject,
    utilisation.name,
    utilisation.money_short_base as amount_base,
    person.manager_id as recipient_id,
    utilisation.practice,
    utilisation.role,
    utilisation.utilisation,
    utilisation.target,
    utilisation.began_on,
    utilisation.free_hours,
    utilisation.reasons,
    utilisation.mend
from intelligence.utilisation as utilisation
inner join core.person as person on person.person_id = utilisation.person_id
where
    utilisation.as_of = (select max(as_of) from intelligence.utilisation)   -- it is of the last Monday that was looked at
    and person.left_on is null                                              -- the person works here
    and utilisation.is_named                                                -- the person is named as below the target
    and utilisation.money_short_base >= $from_amount                        -- at least $from_amount was not billed for it
