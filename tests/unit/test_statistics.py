"""What contracts watch of a table, by the period that its rows are of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from opslayer.contracts import Contract
from opslayer.contracts.contract import Column, Table
from opslayer.warehouse import Layer, Version, table_statistics
from opslayer.warehouse.statistics import how_often

MONDAY = date(2026, 11, 2)
CALLS = Table(
    "core.call",
    "",
    (
        Column("call_id", "VARCHAR", "", required=True),
        Column("started_on", "DATE", ""),
        Column("number", "VARCHAR", ""),
        Column("closed_on", "DATE", ""),
        Column("minutes", "DECIMAL(18,2)", ""),
        Column("price", "DECIMAL(18,2)", "", unit="currency of the row"),
    ),
    ("call_id",),
    (),
    happens="started_on",
)


def test_each_day_says_how_many_rows_how_old_what_they_lack_and_how_large_they_are() -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("create schema core")
    connection.execute(
        "create table core.call as select i::varchar as call_id, day::date as started_on, "
        "case when i < 2 and day = date '2026-11-05' then null else '1' end as number, "
        "null::date as closed_on, "
        "i::decimal(18, 2) as minutes, 1::decimal(18, 2) as price from range(5) as r (i) "
        "cross join generate_series(timestamp '2026-11-02', timestamp '2026-11-10', interval 1 day) d (day)"
        " where day <> date '2026-11-09'"
    )
    version = Version("v", Path("v"), date(2026, 11, 10), datetime(2026, 11, 10, tzinfo=UTC), {}, 0, 0)
    layer = Layer(version, "EUR", connection)
    contract = Contract("c", "1", "d", "o", "", (CALLS,))
    found = table_statistics(layer, [contract])

    def of(metric: str, member: str = "core.call") -> list[float]:
        return found.filter(metric=metric, member=member).sort("period_start")["value"].to_list()

    assert of("rows") == [5, 5, 5, 5, 5, 5, 5, 0], "the day itself has not ended"
    assert of("freshness") == [0, 0, 0, 0, 0, 0, 0, 1]
    assert of("missing", "core.call.number") == [0, 0, 0, 0.4, 0, 0, 0, 0]
    assert set(of("mean", "core.call.minutes")) == {2}
    assert set(of("most", "core.call.minutes")) == {4}
    assert not of("mean", "core.call.price"), "currencies do not add up"
    assert "core.call.closed_on" not in found["member"]


def test_a_table_is_watched_as_often_as_it_has_rows() -> None:
    assert how_often(pl.Series([MONDAY, MONDAY + timedelta(days=1)])) == "day"
    assert how_often(pl.Series([MONDAY + timedelta(days=7 * step) for step in range(9)])) == "week"
    assert how_often(pl.Series([MONDAY, MONDAY + timedelta(days=60)])) == "month"
