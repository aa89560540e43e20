-- one row a finding on last week's time, most money first; key: finding, subject
-- stake_base is what is not billed, or billed wrongly, until it is mended: the hours in question at the price of the
-- entry, or else of the person; of a missing sheet the hours its person's target asks for, of a day of more than 24
-- hours those beyond, of what bills nobody nothing; null without a price
-- reads marts.time_check, core.person, core.project, core.time_entry
select
    found.* replace (coalesce(project.name, found.project_name) as project_name),
    person.practice,
    manager.name as manager_name,
    cast(
        case
            when found.finding = 'missing_sheet' then found.hours * coalesce(person.utilisation_target, 1)
            when found.finding = 'over_24_hours' then found.hours - 24
            when coalesce(entry.is_billable, true) then abs(found.hours)
            else 0
        end * coalesce(entry.bill_rate_base, person.bill_rate_base) as decimal(18, 2)
    ) as stake_base
from marts.time_check as found
left join core.person as person on person.person_id = found.person_id
left join core.person as manager on manager.person_id = person.manager_id
left join core.project as project on project.project_id = found.project_name  -- what is set aside has the key
left join core.time_entry as entry on entry.time_entry_id = found.subject
order by stake_base desc nulls last, found.finding, found.subject
