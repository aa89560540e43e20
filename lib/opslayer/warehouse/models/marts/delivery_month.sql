-- one row a month, practice, client and project that has hours or invoices; key: those columns, client and project may be
-- null; hours, and money in the base currency
-- list_value_base: billable hours at the standard rate of who worked them, booked_value_base at the rate agreed;
-- overrun_hours: billable hours of fixed-price work beyond its budget; fx_base: what billed_base gained since the plan's
-- exchange rates; milestone_moved_base: billed for milestones of other months less those of this month not billed in it
-- an invoice line belongs to the practice it names; a client's lines of one are spread over that client's projects of the
-- month by what was worked, else go to the last one that was worked on
-- reads core.time_entry, core.project, core.person, core.invoice, core.invoice_line, core.budget, core.milestone; as_of
-- is bound
with
entry as (
    select
        cast(date_trunc('month', entry.worked_on) as date) as month,
        coalesce(project.practice, person.practice, '(none)') as practice,
        project.party_id, entry.project_id, project.billing, project.budget_hours,
        entry.hours,
        case when entry.is_billable then entry.hours else 0 end as billable_hours,
        coalesce(person.bill_rate_base, entry.bill_rate_base, 0) as list_rate,
        coalesce(entry.bill_rate_base, person.bill_rate_base, 0) as booked_rate,
        coalesce(person.cost_rate_base, 0) as cost_rate
    from core.time_entry as entry
    left join core.project as project on project.project_id = entry.project_id
    left join core.person as person on person.person_id = entry.person_id
    where entry.worked_on <= $as_of
),
worked as (
    select
        month, practice, party_id, project_id, billing, budget_hours,
        sum(hours) as hours,
        sum(billable_hours) as billable_hours,
        cast(sum(billable_hours * list_rate) as decimal(18, 2)) as list_value_base,
        cast(sum(billable_hours * booked_rate) as decimal(18, 2)) as booked_value_base,
        cast(sum(hours * cost_rate) as decimal(18, 2)) as cost_base
    from entry
    group by all
),
progress as (
    select
        *,
        sum(billable_hours) over (
            partition by project_id, practice order by month rows between unbounded preceding and current row
        ) as hours_to_date
    from worked
),
-- exchange rates the plan was made at
planned_rate as (
    select month, item as practice, currency, max(fx_rate) as fx_rate
    from core.budget
    where item is not null
    group by month, item, currency
),
line as (
    select
        cast(date_trunc('month', invoice.issued_on) as date) as month,
        coalesce(line.item, '(none)') as practice, invoice.party_id,
        sum(line.quantity) as quantity,
        sum(line.amount_base) as billed_base,
        sum(
            case
                when planned_rate.fx_rate is null or invoice.currency = $base_currency then 0
                else line.amount_base - cast(round(line.amount * planned_rate.fx_rate, 2) as decimal(18, 2))
            end
        ) as fx_base
    from core.invoice_line as line
    inner join core.invoice as invoice on invoice.invoice_id = line.invoice_id
    left join planned_rate
        on planned_rate.month = cast(date_trunc('month', invoice.issued_on) as date)
        and planned_rate.practice = line.item and planned_rate.currency = invoice.currency
    where invoice.status in ('open', 'paid') and invoice.issued_on <= $as_of
    group by all
),
-- the projects a client's lines of a practice can belong to, with what was worked there that month
candidate as (
    select month, practice, party_id, project_id, billable_hours, booked_value_base
    from worked
    where project_id is not null and party_id is not null and billable_hours > 0 and booked_value_base > 0
),
latest as (
    select
        line.month, line.practice, line.party_id,
        max(candidate.month) as worked_month
    from line
    inner join candidate
        on candidate.practice = line.practice and candidate.party_id = line.party_id
        and candidate.month <= line.month
    group by all
),
spread as (
    select
        line.month, line.practice, line.party_id, candidate.project_id,
        line.quantity, line.billed_base, line.fx_base,
        sum(candidate.booked_value_base) over upto / sum(candidate.booked_value_base) over whole as value_share,
        sum(candidate.billable_hours) over upto / sum(candidate.billable_hours) over whole as hours_share,
        row_number() over upto as place
    from line
    left join latest
        on latest.month = line.month and latest.practice = line.practice and latest.party_id = line.party_id
    left join candidate
        on candidate.month = latest.worked_month and candidate.practice = line.practice
        and candidate.party_id = line.party_id
    window
        upto as (
            partition by line.month, line.practice, line.party_id order by candidate.project_id
            rows between unbounded preceding and current row
        ),
        whole as (partition by line.month, line.practice, line.party_id)
),
-- amounts up to and with each project, rounded: their steps add up to the whole to the cent
stepped as (
    select
        month, practice, party_id, project_id, place,
        cast(round(quantity * coalesce(hours_share, 1), 4) as decimal(18, 4)) as quantity,
        cast(round(billed_base * coalesce(value_share, 1), 2) as decimal(18, 2)) as billed_base,
        cast(round(fx_base * coalesce(value_share, 1), 2) as decimal(18, 2)) as fx_base
    from spread
),
billed as (
    select
        month, practice, party_id, project_id,
        quantity - coalesce(lag(quantity) over step, 0) as billed_hours,
        billed_base - coalesce(lag(billed_base) over step, 0) as billed_base,
        fx_base - coalesce(lag(fx_base) over step, 0) as fx_base
    from stepped
    window step as (partition by month, practice, party_id order by place)
),
milestone as (
    select
        milestone.project_id, milestone.amount_base,
        cast(date_trunc('month', milestone.completed_on) as date) as earned_in,
        case when invoice.issued_on <= $as_of then cast(date_trunc('month', invoice.issued_on) as date) end as billed_in
    from core.milestone as milestone
    left join core.invoice as invoice
        on invoice.invoice_id = milestone.invoice_id and invoice.status in ('open', 'paid')
    where milestone.completed_on <= $as_of and milestone.status <> 'cancelled'
),
moved as (
    select month, project.practice, project.party_id, project_id, sum(amount_base) as milestone_moved_base
    from (
        select project_id, earned_in as month, -amount_base as amount_base from milestone
        where billed_in is distinct from earned_in
        union all
        select project_id, billed_in as month, amount_base from milestone where billed_in <> earned_in
    )
    inner join core.project as project using (project_id)
    where project.practice is not null
    group by all
),
keys as (
    select month, practice, party_id, project_id from progress
    union
    select month, practice, party_id, project_id from billed
    union
    select month, practice, party_id, project_id from moved
)
select
    keys.month, keys.practice, keys.party_id, keys.project_id,
    cast(coalesce(progress.hours, 0) as decimal(18, 4)) as hours,
    cast(coalesce(progress.billable_hours, 0) as decimal(18, 4)) as billable_hours,
    cast(
        case
            when progress.billing = 'fixed_price' and progress.budget_hours > 0
                then least(
                    greatest(progress.hours_to_date - progress.budget_hours, 0), greatest(progress.billable_hours, 0)
                )
            else 0
        end as decimal(18, 4)
    ) as overrun_hours,
    cast(coalesce(progress.list_value_base, 0) as decimal(18, 2)) as list_value_base,
    cast(coalesce(progress.booked_value_base, 0) as decimal(18, 2)) as booked_value_base,
    cast(coalesce(progress.cost_base, 0) as decimal(18, 2)) as cost_base,
    cast(coalesce(billed.billed_hours, 0) as decimal(18, 4)) as billed_hours,
    cast(coalesce(billed.billed_base, 0) as decimal(18, 2)) as billed_base,
    cast(coalesce(billed.fx_base, 0) as decimal(18, 2)) as fx_base,
    cast(coalesce(moved.milestone_moved_base, 0) as decimal(18, 2)) as milestone_moved_base
from keys
left join progress
    on progress.month = keys.month and progress.practice = keys.practice
    and progress.party_id is not distinct from keys.party_id
    and progress.project_id is not distinct from keys.project_id
left join billed
    on billed.month = keys.month and billed.practice = keys.practice
    and billed.party_id is not distinct from keys.party_id
    and billed.project_id is not distinct from keys.project_id
left join moved
    on moved.month = keys.month and moved.practice = keys.practice
    and moved.party_id is not distinct from keys.party_id
    and moved.project_id is not distinct from keys.project_id
