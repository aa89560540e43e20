-- one row an opportunity role; key: opportunity_role_id; hours of a role the opportunity would need
-- reads staging.opportunity_role
select
    opportunity_role_id, source, source_key, opportunity_id, role, hours
from staging.opportunity_role
