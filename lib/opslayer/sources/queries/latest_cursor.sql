-- one row: the greatest cursor in Parquet files, as text; numbers and moments compare as such, not as text
-- infinite moments say nothing about what changed, and are left out
with
    given as (
        select cast({cursor} as varchar) as value
        from read_parquet($now, union_by_name = true)
        where {cursor} is not null
    ),
    typed as (
        select
            value,
            case when regexp_full_match(value, '-?\d+') then try_cast(value as bigint) end as number,
            try_cast(value as timestamptz) as moment
        from given
    ),
    known as (select * from typed where moment is null or isfinite(moment))
select
    case
        when count(number) = count(*) then cast(max(number) as varchar)
        when count(moment) = count(*) then arg_max(value, moment)
        else max(value)
    end
from known
