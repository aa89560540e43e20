-- one row: cash on the snapshot's day and 30 days before; base currency
with daily as (
    select day, balance_base from marts.cash_daily
)

select
    (select sum(balance_base) from marts.cash_position) as value,
    (select max_by(balance_base, day) from daily where day <= $as_of - 30) as previous
