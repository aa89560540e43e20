-- one row per row just read that is new or differs from the latest landed under its key
-- an overlap reads rows again: those that did not change are left out here
-- {columns} are the table's columns without _load_id, {key} those of its key
with
    now as (
        select * from read_parquet($now, union_by_name = true)
        union all by name
        (select * from read_parquet($before, union_by_name = true) limit 0)
    ),
    latest as (
        select l.* from read_parquet($before, union_by_name = true) as l
        semi join now using ({key})
        qualify rank() over (partition by {key} order by l._load_id desc) = 1
    ),
    changed as (
        select {columns} from now
        except
        select {columns} from latest
    )
select *, $load_id as _load_id from changed
