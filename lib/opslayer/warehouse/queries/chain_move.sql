-- one row a deal whose stage moved, step and cell; key: opportunity_id, step, label, starts_on, is_later; hours or base currency
-- reads intelligence.chain_move; as_of is bound
select * from intelligence.chain_move
where as_of = $as_of
order by opportunity_id, step, label, starts_on, is_later
