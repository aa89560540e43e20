-- one row a person who works for the firm; key: person_id; rates in the base currency for an hour
-- reads staging.person
select
    person_id, source, source_key, name, email, practice, role, manager_id, hired_on, left_on, weekly_hours,
    cost_rate_base, bill_rate_base, utilisation_target
from staging.person
