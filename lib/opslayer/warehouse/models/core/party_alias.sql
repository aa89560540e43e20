-- one row a key by which another system names a party; key: alias_id; party_id is the key the party has in core
-- what is not here names itself
-- reads core.crosswalk
select alias_id, canonical_id as party_id, matched_by, confidence
from core.crosswalk
where entity = 'party'
