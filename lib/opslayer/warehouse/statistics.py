"""What contracts watch of each table, by the period that its rows are of: how many, what lacks, how large.

A table takes part where its contract says which column `happens`. What is counted by that day has a history
from the first refresh on, and says since when something is so, not only when it was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from opslayer.contracts import Contract, Table
from opslayer.warehouse.layer import Layer
from opslayer.warehouse.mapped import quoted

SCHEMA = pl.Schema(
    {
        "metric": pl.String(), "member": pl.String(), "frequency": pl.String(), "period_start": pl.Date(),
        "unit": pl.String(), "is_part": pl.Boolean(), "value": pl.Float64(),
    }
)  # fmt: skip
NUMBERS = ("DECIMAL", "DOUBLE", "INTEGER", "BIGINT")
LATER = ("DATE", "TIMESTAMP")
MONEY = "DECIMAL(18,2)"
TRUNCATED = {"day": "1d", "week": "1w", "month": "1mo"}
BUSY = 0.5  # share of periods with rows from which a table is watched by that period
FEW = 5  # rows of a period below which shares and means say nothing, and those before stand
TAKEN = ("source", "source_key")  # every row has them


def table_statistics(layer: Layer, contracts: Iterable[Contract]) -> pl.DataFrame:
    """One row a statistic, table or column, and period that has ended, as in marts.metric_history.

    `metric` is rows, freshness (working days since the last row), missing (a share of the
    rows), mean, least or most; `member` is the table, or table.column. Periods are days where most weekdays
    have rows, else weeks, else months.
    """
    found = [
        frame
        for contract in contracts
        for table in contract.tables
        if table.happens is not None
        for frame in _of_table(by_day(layer, table), table, layer.as_of)
    ]
    empty = pl.DataFrame(schema=SCHEMA)
    return pl.concat([empty, *(frame.select(SCHEMA.names()) for frame in found)])


def by_day(layer: Layer, table: Table) -> pl.DataFrame:
    """One row a day before as_of: how many rows it has, of each column how many have it, its sum and ends."""
    day = quoted(str(table.happens))
    parts = [f"cast({day} as date) as day", "count(*) as rows"]
    parts += [
        f"count({quoted(name)}) as {quoted(f'known {name}')}" for name in (*lacking(table), *numbers(table))
    ]
    for name in numbers(table):
        value = f"cast({quoted(name)} as double)"
        parts += [f"{sql}({value}) as {quoted(f'{sql} {name}')}" for sql in ("sum", "min", "max")]
    return layer.query(
        f"select {', '.join(dict.fromkeys(parts))} from {quoted(*table.name.split('.'))} "
        f"where {day} < $as_of group by all order by day"
    )


def lacking(table: Table) -> tuple[str, ...]:
    """The columns that a row may lack; dates (closed, paid) are left out: new rows have none yet."""
    return tuple(
        column.name
        for column in table.columns
        if not column.required
        and not column.physical_type.startswith(LATER)
        and column.name not in (*table.key, *TAKEN)
    )


def numbers(table: Table) -> tuple[str, ...]:
    """The columns with numbers that can be put together: of money, not that in the currency of each row."""
    mixed = any(column.name == "currency" for column in table.columns)
    return tuple(
        column.name
        for column in table.columns
        if column.physical_type.startswith(NUMBERS)
        and column.name not in (*table.key, "fx_rate")
        and column.unit != "currency of the row"
        and not (mixed and column.physical_type == MONEY and not column.name.endswith("_base"))
    )


def _of_table(days: pl.DataFrame, table: Table, as_of: date) -> Iterator[pl.DataFrame]:
    if days.is_empty():
        return
    frequency = how_often(days["day"])
    periods = _periods(days, table, frequency, as_of)
    if periods.is_empty():
        return
    whole = periods.with_columns(
        member=pl.lit(table.name), frequency=pl.lit(frequency), is_part=pl.lit(False)
    )

    def statistic(metric: str, unit: str, value: pl.Expr, column: str = "") -> pl.DataFrame:
        member = f"{table.name}.{column}" if column else table.name
        return whole.with_columns(
            metric=pl.lit(metric), unit=pl.lit(unit), member=pl.lit(member), value=value.cast(pl.Float64)
        ).filter(pl.col("value").is_not_null())

    yield statistic("rows", "rows", pl.col("rows"))
    if frequency == "day":
        yield statistic("freshness", "days", pl.col("freshness"))
    enough = pl.col("rows") >= FEW
    for name in lacking(table):
        missing = 1 - pl.col(f"known {name}") / pl.col("rows")
        yield statistic("missing", "share", pl.when(enough).then(missing).forward_fill(), name)
    for name in numbers(table):
        mean = pl.col(f"sum {name}") / pl.col(f"known {name}")
        known = enough & (pl.col(f"known {name}") > 0)
        yield statistic("mean", "number", pl.when(known).then(mean).forward_fill(), name)
        yield statistic("least", "number", pl.when(known).then(pl.col(f"min {name}")).forward_fill(), name)
        yield statistic("most", "number", pl.when(known).then(pl.col(f"max {name}")).forward_fill(), name)


def how_often(days: pl.Series) -> str:
    """day where most weekdays from the first to the last have rows, week where most weeks do, else month."""
    ordered: list[date] = days.sort().to_list()
    first, last = ordered[0], ordered[-1]
    weekdays = pl.date_range(first, last, eager=True).dt.weekday() <= 5
    if int((days.dt.weekday() <= 5).sum()) >= BUSY * int(weekdays.sum()):
        return "day"
    weeks = (last - first).days // 7 + 1
    return "week" if days.dt.truncate("1w").n_unique() >= BUSY * weeks else "month"


def _periods(days: pl.DataFrame, table: Table, frequency: str, as_of: date) -> pl.DataFrame:
    """One row a period that has ended, those without rows too."""
    every = TRUNCATED[frequency]
    sums = pl.col("rows", *(f"known {name}" for name in (*lacking(table), *numbers(table)))).sum()
    ends = [
        *(pl.col(f"sum {name}").sum() for name in numbers(table)),
        *(pl.col(f"min {name}").min() for name in numbers(table)),
        *(pl.col(f"max {name}").max() for name in numbers(table)),
    ]
    grouped = (
        days.group_by(period_start=pl.col("day").dt.truncate(every))
        .agg(sums, *ends, last=pl.col("day").max())
        .sort("period_start")
    )
    whole = pl.DataFrame(
        {"period_start": pl.date_range(grouped["period_start"][0], as_of, every, eager=True)}
    ).filter(pl.col("period_start").dt.offset_by(every) <= as_of)
    return whole.join(grouped, on="period_start", how="left").with_columns(
        pl.col("rows").fill_null(0),
        freshness=pl.business_day_count(
            pl.col("last").forward_fill().dt.offset_by("1d"), pl.col("period_start").dt.offset_by("1d")
        ),
    )
