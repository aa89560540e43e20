-- entries of last week's time that cannot be right, to who leads the person, or the project, or else to them; key: subject
-- amount_base is what is billed wrongly, or not, until it is mended; null without a price; hours
-- reads marts.time_check, core.person, core.project, core.time_entry
select
    found.subject,
    coalesce(person.name, found.person_name, 'Somebody') || ', ' || replace(found.finding, '_', ' ') as name,
    cast(
        case when found.finding = 'over_24_hours' then found.hours - 24 else abs(found.hours) end
        * coalesce(entry.bill_rate_base, person.bill_rate_base) as decimal(18, 2)
    ) as amount_base,
    coalesce(person.manager_id, project.manager_id, person.person_id) as recipient_id,
    coalesce(person.name, found.person_name) as person,
    replace(found.finding, '_', ' ') as finding,
    coalesce(project.name, found.project_name) as project,
    found.worked_on,
    found.hours,
    found.detail
from marts.time_check as found
left join core.person as person on person.person_id = found.person_id
left join core.project as project on project.project_id = found.project_name   -- what is set aside has the key
left join core.time_entry as entry on entry.time_entry_id = found.subject
where
    found.finding <> 'missing_sheet'    -- it is an entry: a week without any is asked of the person
