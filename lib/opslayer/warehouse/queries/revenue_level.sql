-- what the forecast of revenue is brought to by past quarters; key: as_of; ratios
-- reads intelligence.revenue_level; as_of is bound
select as_of, level, spread, checks, reasons, model, model_version
from intelligence.revenue_level
where as_of = $as_of
