-- one row a bill still open at the end of as_of; key: as_of, bill_id; open_base at the document's rate
-- days_overdue is negative before the due date; buckets count days past due
-- reads core.bill, core.payment, core.party; as_of is bound
with settled as (
    select document_id, sum(amount) as amount, sum(amount_base) as amount_base
    from core.payment
    where direction = 'out' and document_id is not null and paid_on <= $as_of
    group by document_id
),

standing as (
    select
        bill.*,
        cast(bill.total - coalesce(settled.amount, 0) as decimal(18, 2)) as open_amount,
        cast(bill.total_base - coalesce(settled.amount_base, 0) as decimal(18, 2)) as open_base,
        cast($as_of as date) - bill.due_on as days_overdue
    from core.bill as bill
    left join settled on settled.document_id = bill.bill_id
    where bill.issued_on <= $as_of and bill.status in ('open', 'paid')
)

select
    cast($as_of as date) as as_of, bill.bill_id, bill.number, bill.party_id,
    party.name as party_name, party.email as party_email, bill.issued_on, bill.due_on,
    cast(bill.days_overdue as integer) as days_overdue,
    case
        when bill.days_overdue <= 0 then 'current'
        when bill.days_overdue <= 30 then '1-30'
        when bill.days_overdue <= 60 then '31-60'
        when bill.days_overdue <= 90 then '61-90'
        else '90+'
    end as bucket,
    bill.currency, bill.total, bill.open_amount, bill.open_base
from standing as bill
left join core.party as party on party.party_id = bill.party_id
where bill.open_amount <> 0
