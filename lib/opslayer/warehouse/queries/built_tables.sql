-- one row a table of the snapshot: its layer, rows, and the seconds it took; key: model
-- reads quality.models
select model, layer, rows, seconds
from quality.models
order by case layer when 'marts' then 1 when 'core' then 2 else 3 end, model
