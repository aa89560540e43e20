-- one row a finding on the last whole week before as_of; key: finding, subject (a time entry, or a person and day)
-- entries of that week, and those entered in it for days before; hours are those in question
-- reads core.time_entry, core.person, core.person_alias, core.project, core.leave, marts.person_week, quality.quarantine;
-- as_of is bound
with
week as (
    select
        cast(date_trunc('week', $as_of) - interval 7 day as date) as first_on,
        cast(date_trunc('week', $as_of) as date) as next_on
),
entry as (
    select entry.*, coalesce(project.name, entry.project_id) as project_name, project.ended_on, person.hired_on,
        person.left_on
    from core.time_entry as entry
    cross join week
    left join core.project as project on project.project_id = entry.project_id
    left join core.person as person on person.person_id = entry.person_id
    where entry.worked_on < week.next_on
        and (entry.worked_on >= week.first_on or cast(entry.entered_at as date) between week.first_on and week.next_on - 1)
),
day as (
    select person_id, worked_on, sum(hours) as hours, max(hours) as longest from entry group by person_id, worked_on
),
copies as (
    -- the first of equal entries is the entry, the others are its copies
    select *,
        row_number() over (
            partition by person_id, project_id, task_id, worked_on, hours, coalesce(note, '') order by time_entry_id
        ) as copy
    from entry
),
away as (
    select distinct entry.time_entry_id
    from entry
    inner join core.leave as away on away.person_id = entry.person_id
        and entry.worked_on between away.starts_on and away.ends_on
    where away.status = 'approved' and away.hours_a_day is null
),
aside as (
    -- set aside in staging, where a person still has the key of the source
    select
        entry.row_json ->> '$.time_entry_id' as time_entry_id,
        coalesce(person.person_id, entry.row_json ->> '$.person_id') as person_id,
        entry.row_json ->> '$.project_id' as project_id,
        try_cast(entry.row_json ->> '$.worked_on' as date) as worked_on,
        try_cast(entry.row_json ->> '$.hours' as decimal(18, 4)) as hours,
        string_agg(entry.rule, ', ' order by entry.rule) as rules
    from quality.quarantine as entry
    left join core.person_alias as person on person.alias_id = entry.row_json ->> '$.person_id'
    where entry.table_name = 'staging.time_entry'
    group by entry.row_json, person.person_id
),
found as (
    select 'missing_sheet' as finding, person_id || ' ' || week_start as subject, person_id, null as project_name,
        week_start as worked_on, available_hours as hours, 'no time for the whole week' as detail
    from marts.person_week, week
    where week_start = week.first_on and hours = 0 and available_hours > 0
    union all
    select 'over_24_hours', person_id || ' ' || worked_on, person_id, null, worked_on, hours,
        'the longest entry of the day has ' || cast(longest as decimal(18, 1)) || ' h'
    from day
    where hours > 24
    union all
    select 'duplicate', time_entry_id, person_id, project_name, worked_on, hours,
        'the same person, project, task, day, hours and note as another entry'
    from copies
    where copy > 1
    union all
    select 'closed_project', time_entry_id, person_id, project_name, worked_on, hours, 'the project ended on ' || ended_on
    from entry
    where worked_on > ended_on
    union all
    select 'on_leave', time_entry_id, person_id, project_name, worked_on, hours, 'on approved leave for the whole day'
    from entry
    where time_entry_id in (select time_entry_id from away)
    union all
    select 'not_employed', time_entry_id, person_id, project_name, worked_on, hours,
        case when worked_on > left_on then 'left on ' || left_on else 'starts on ' || hired_on end
    from entry
    where worked_on > left_on or worked_on < hired_on
    union all
    select 'no_project', time_entry_id, person_id, null, worked_on, hours, 'no project'
    from entry
    where project_id is null
    union all
    select
        case when hours < 0 then 'negative_hours' else 'quarantined' end,
        time_entry_id, person_id, project_id, worked_on, hours, 'in quarantine: ' || rules
    from aside, week
    where worked_on >= week.first_on and worked_on < week.next_on
)
select
    $as_of as as_of,
    week.first_on as week_start,
    found.finding,
    found.subject,
    found.person_id,
    person.name as person_name,
    found.project_name,
    found.worked_on,
    cast(found.hours as decimal(18, 4)) as hours,
    found.detail
from found
cross join week
left join core.person as person on person.person_id = found.person_id
