"""What of metrics and contract statistics is out of the ordinary, since when and why; nothing sees ahead."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.anomaly.asked import CAPABILITY, series
from opslayer.intelligence.anomaly.detector import Episode, Watched, episodes, fresh, watch
from opslayer.intelligence.anomaly.metrics import THRESHOLDS, anomaly_table, name_of, written
from opslayer.intelligence.layer import Queries, hold_to_day

__all__ = [
    "CAPABILITY",
    "THRESHOLDS",
    "Episode",
    "Watched",
    "anomaly_table",
    "episodes",
    "fresh",
    "gather",
    "headline",
    "readable",
    "series",
    "watch",
]


def gather(layer: Queries, watched: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """What is asked, a row a series of `watched`: of `metrics.history`, or `warehouse.table_statistics`.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return series(watched, set(layer.query("holidays")["day"].to_list()))


def readable(found: pl.DataFrame) -> pl.DataFrame:
    """Episodes with the metric's name, the value that came and the usual one as people read them."""
    shown = [
        (name_of(row["metric"]), written(row["value"], row["unit"]), written(row["expected"], row["unit"]))
        for row in found.iter_rows(named=True)
    ]
    names = ("metric", "value", "expected")
    return found.with_columns(
        pl.Series(name, [row[place] for row in shown], dtype=pl.String) for place, name in enumerate(names)
    )


def headline(found: pl.DataFrame) -> str:
    """One sentence: how much of the last three months was out of the ordinary, and what still is."""
    if found.is_empty():
        return "Nothing in the last three months was out of the ordinary."
    still = int(found["is_open"].sum())
    return (
        f"**{len(found)}** things in the last three months were out of the ordinary; "
        f"**{still}** of them still {'shows' if still == 1 else 'show'}."
    )
