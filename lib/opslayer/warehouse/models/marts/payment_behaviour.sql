-- one row a client that was ever invoiced; key: as_of, party_id; days late count from the due date
-- reads marts.payment_history, marts.open_item, core.party
with open_now as (
    select party_id, sum(open_base) as open_base
    from marts.open_item
    group by party_id
)

select
    history.as_of, history.party_id, max(party.name) as party_name,
    count(history.paid_on) as invoices_paid,
    avg(history.days_late) as mean_days_late,
    median(history.days_late) as median_days_late,
    avg(case when history.days_late > 0 then 1.0 when history.days_late <= 0 then 0.0 end) as share_late,
    max(history.paid_on) as last_paid_on,
    cast(
        coalesce(sum(history.total_base) filter (where history.issued_on > history.as_of - interval 12 month), 0)
        as decimal(18, 2)
    ) as billed_base_12m,
    cast(coalesce(max(open_now.open_base), 0) as decimal(18, 2)) as open_base
from marts.payment_history as history
left join core.party as party on party.party_id = history.party_id
left join open_now on open_now.party_id = history.party_id
group by history.as_of, history.party_id
