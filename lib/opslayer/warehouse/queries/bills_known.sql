-- one row a supplier's bill in the books; key: bill_id; total in the bill's currency
-- reads core.bill, core.party
select bill.bill_id, bill.number, bill.party_id, party.name as party, bill.total, bill.currency
from core.bill as bill
inner join core.party as party on party.party_id = bill.party_id
where bill.number is not null and bill.issued_on between $as_of - 400 and $as_of
order by bill.bill_id
