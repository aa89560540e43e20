-- one row a stage entered; key: opportunity_stage_id; amount_base at the rate of its opportunity
-- reads staging.opportunity_stage, staging.opportunity
select
    stage.opportunity_stage_id, stage.source, stage.source_key, stage.opportunity_id, stage.stage, stage.entered_at,
    stage.amount, stage.expected_close_on,
    cast(round(stage.amount * opportunity.fx_rate, 2) as decimal(18, 2)) as amount_base
from staging.opportunity_stage as stage
left join staging.opportunity as opportunity on opportunity.opportunity_id = stage.opportunity_id
