"""The demo firm's tables with rows lost, a feed stopped, a level moved: each named, with its start."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from opslayer import demo
from opslayer.contracts import load_contracts
from opslayer.intelligence import anomaly
from opslayer.warehouse import Layer, open_layer, table_statistics
from tests.planted import Planted

LOST = date(2026, 11, 10)  # a Tuesday of which most of the time is missing
STOPPED = date(2026, 11, 9)  # the Monday from which on no journal has come
MOVED = date(2026, 10, 13)  # the Tuesday from which hours are half of what they were
MOST_FALSE = 12  # of some 120 series in three months; four or five are what the demo firm plants itself
DAMAGE = f"""
delete from core.time_entry where worked_on = date '{LOST}' and hash(time_entry_id) % 10 < 8;
delete from core.journal_line where posted_on >= date '{STOPPED}';
update core.time_entry set hours = hours / 2 where worked_on >= date '{MOVED}';
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_damaged_is_named_with_its_start(
    planted: Callable[[int], Planted], tmp_path: Path, seed: int
) -> None:
    with open_layer(planted(seed).firm) as layer:
        before = found(layer, planted(seed))
        copy = tmp_path / "damaged.duckdb"
        shutil.copyfile(layer.version.path, copy)
        connection = duckdb.connect(str(copy))
        connection.execute(DAMAGE)
        after = found(Layer(layer.version, layer.base_currency, connection), planted(seed))
        connection.close()
    starts = {(row["metric"], row["member"]): row["since"] for row in after.iter_rows(named=True)}
    assert starts["rows", "core.time_entry"] == LOST
    assert starts["freshness", "core.journal_line"] == STOPPED
    start = starts["mean", "core.time_entry.hours"]
    assert MOVED - timedelta(days=1) <= start <= MOVED, "the day before may have been low by chance"
    assert before.height <= MOST_FALSE, before.select("metric", "member", "since", "reasons").rows()
    told = after.filter(metric="rows", member="core.time_entry")["reasons"][0]
    assert told.startswith("A Tuesday usually has ")


def found(layer: Layer, firm: Planted) -> pl.DataFrame:
    """What the capability's detector says of every contract statistic, oldest first."""
    statistics = table_statistics(layer, load_contracts(firm.firm))
    rows = anomaly.gather(layer, statistics, as_of=demo.AS_OF)
    answers = anomaly.asked.detector(rows).with_columns(
        rows["subject"], as_of=pl.lit(demo.AS_OF), model_version=pl.lit("1")
    )
    return anomaly.anomaly_table(statistics, rows, answers, as_of=demo.AS_OF).sort("since")
