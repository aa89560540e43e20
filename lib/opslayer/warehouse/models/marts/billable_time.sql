-- one row a person, rate and month whose hours on a project wait for their bill, up to the last month end
-- key: project_id, person_id, rate, month (its first day); rate in the project's currency for an hour, amount as rounded for the line
-- only projects with a contract that is billed by time; billed_before is what was worked up to billed_through at
-- its rates: what a cap or a retainer has already taken
-- reads core.time_entry, core.person, core.project, core.party, core.contract; as_of is bound
with
period as (select cast(date_trunc('month', $as_of) as date) - 1 as last_on),
terms as (
    select
        project_id,
        min(billing) as billing,
        min(cap_amount) as cap_amount,
        min(retainer_amount) as retainer_amount,
        min(purchase_order) as purchase_order,
        min(billed_through) as billed_through
    from core.contract
    where billing in ('time_and_materials', 'capped', 'retainer')
    group by project_id
),
priced as (
    select
        entry.project_id,
        entry.person_id,
        entry.worked_on,
        entry.hours,
        cast(
            round(coalesce(entry.bill_rate_base, person.bill_rate_base) / coalesce(project.fx_rate, 1), 2)
            as decimal(18, 2)
        ) as rate,
        coalesce(entry.worked_on <= terms.billed_through, false) as is_billed
    from core.time_entry as entry
    inner join terms on terms.project_id = entry.project_id
    inner join core.project as project on project.project_id = entry.project_id
    left join core.person as person on person.person_id = entry.person_id
    cross join period
    where entry.is_billable and entry.worked_on <= period.last_on
),
before as (
    select project_id, cast(sum(round(hours * rate, 2)) as decimal(18, 2)) as billed_before
    from (
        select project_id, person_id, rate, sum(hours) as hours
        from priced
        where is_billed
        group by project_id, person_id, rate
    ) as billed
    group by project_id
),
waiting as (
    select
        project_id, person_id, rate, cast(date_trunc('month', worked_on) as date) as month, sum(hours) as hours
    from priced
    where not is_billed
    group by project_id, person_id, rate, cast(date_trunc('month', worked_on) as date)
)
select
    $as_of as as_of,
    waiting.project_id,
    waiting.person_id,
    waiting.rate,
    waiting.month,
    project.name as project_name,
    project.practice,
    project.party_id,
    party.name as party_name,
    person.name as person_name,
    person.role,
    terms.billing,
    terms.cap_amount,
    terms.retainer_amount,
    terms.purchase_order,
    coalesce(before.billed_before, 0) as billed_before,
    terms.billed_through,
    period.last_on as period_end,
    project.currency,
    coalesce(project.fx_rate, 1) as fx_rate,
    cast(waiting.hours as decimal(18, 4)) as hours,
    cast(round(waiting.hours * waiting.rate, 2) as decimal(18, 2)) as amount
from waiting
inner join core.project as project on project.project_id = waiting.project_id
inner join terms on terms.project_id = waiting.project_id
left join before on before.project_id = waiting.project_id
left join core.person as person on person.person_id = waiting.person_id
left join core.party as party on party.party_id = project.party_id
cross join period
where waiting.hours > 0
