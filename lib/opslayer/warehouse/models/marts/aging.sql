-- one row a client and bucket of days past due; key: as_of, party_id, bucket; open_base in the firm's currency
-- reads marts.open_item
select
    as_of, party_id, max(party_name) as party_name, bucket,
    cast(sum(open_base) as decimal(18, 2)) as open_base, count(*) as invoices
from marts.open_item
group by as_of, party_id, bucket
