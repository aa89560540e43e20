-- one row per key that the table had and this full read no longer holds; key: the table's own
-- {key} are its key columns as text; $before and $now are lists of Parquet files
select {key} from read_parquet($before, union_by_name = true)
except
select {key} from read_parquet($now, union_by_name = true)
