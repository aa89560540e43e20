-- what was known of each opportunity, span by span; key: opportunity_id, known_from; money in the base currency
-- reads marts.opportunity_history
select * from marts.opportunity_history order by opportunity_id, known_from
