-- one row: what open invoices are expected to bring in four weeks, and what came in over the four weeks before
select
    (
        select sum(expected_base) from intelligence.cash_forecast
        where week <= 4 and as_of = (select max(as_of) from intelligence.cash_forecast)
    ) as value,
    (select sum(amount_base) from core.payment where direction = 'in' and paid_on > $as_of - 28 and paid_on <= $as_of)
        as previous
