-- receivables by client, one column a bucket; key: party_id; base currency, largest first
select
    party_id, max(party_name) as party_name,
    cast(sum(open_base) as decimal(18, 2)) as open_base,
    cast(sum(case when bucket = 'current' then open_base else 0 end) as decimal(18, 2)) as not_due,
    cast(sum(case when bucket = '1-30' then open_base else 0 end) as decimal(18, 2)) as days_1_30,
    cast(sum(case when bucket = '31-60' then open_base else 0 end) as decimal(18, 2)) as days_31_60,
    cast(sum(case when bucket = '61-90' then open_base else 0 end) as decimal(18, 2)) as days_61_90,
    cast(sum(case when bucket = '90+' then open_base else 0 end) as decimal(18, 2)) as days_over_90
from marts.aging
group by party_id
order by sum(open_base) desc, party_id
