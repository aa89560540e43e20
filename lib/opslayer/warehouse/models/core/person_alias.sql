-- one row a key by which another system names a person; key: alias_id; person_id is the key the person has in core
-- what is not here names itself
-- reads core.crosswalk
select alias_id, canonical_id as person_id, matched_by, confidence
from core.crosswalk
where entity = 'person'
