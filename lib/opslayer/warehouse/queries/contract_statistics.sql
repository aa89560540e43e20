-- one row a rule that something breaks, and one a table of core: what the audit of this snapshot found; key: metric, member
-- metric is failures (rows that break the rule `member`) or table_rows; reads quality.results
select 'failures' as metric, table_name || ': ' || rule as member, 'rows' as unit, cast(sum(rows_failed) as double) as value
from quality.results
where rows_failed > 0
group by table_name, rule
union all
select 'table_rows', table_name, 'rows', cast(max(rows_checked) as double)
from quality.results
where table_name like 'core.%'
group by table_name
order by metric, member
