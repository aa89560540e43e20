-- one row a holiday; key: holiday_id; a day nobody works
-- reads staging.holiday
select
    holiday_id, source, source_key, day, name
from staging.holiday
