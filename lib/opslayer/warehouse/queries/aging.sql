-- receivables by days past due; key: bucket; base currency; every bucket is there, open or not
with bucket (bucket, place) as (
    values ('current', 0), ('1-30', 1), ('31-60', 2), ('61-90', 3), ('90+', 4)
)

select
    $as_of as as_of, bucket.bucket, cast(coalesce(sum(aging.open_base), 0) as decimal(18, 2)) as open_base,
    cast(coalesce(sum(aging.invoices), 0) as bigint) as invoices
from bucket
left join marts.aging as aging on aging.bucket = bucket.bucket
group by bucket.bucket, bucket.place
order by bucket.place
