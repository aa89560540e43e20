-- one row a day on which nobody works; key: day
-- reads core.holiday
select distinct day from core.holiday order by day
