-- one row an open deal, step and cell; key: opportunity_id, step, label, starts_on, is_later; hours or money in base currency
-- reads intelligence.chain_cell; as_of is bound
select * from intelligence.chain_cell
where as_of = $as_of
order by opportunity_id, step, label, starts_on, is_later
