"""What of metrics and contract statistics is out of the ordinary, since when and why; nothing sees ahead."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.anomaly.detector import Episode, Watched, episodes, fresh, watch
from opslayer.intelligence.anomaly.metrics import THRESHOLDS, metric_anomalies
from opslayer.intelligence.layer import Queries, hold_to_day

__all__ = [
    "THRESHOLDS",
    "Episode",
    "Watched",
    "episodes",
    "fresh",
    "headline",
    "metric_anomalies",
    "run",
    "watch",
]


def run(layer: Queries, watched: pl.DataFrame, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: metric_anomaly.

    `watched` has the columns of marts.metric_history: metrics (`metrics.history`), and what contracts watch
    of tables (`warehouse.table_statistics`). Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    holidays = set(layer.query("holidays")["day"].to_list())
    return {"metric_anomaly": metric_anomalies(watched, holidays, as_of=as_of)}


def headline(found: pl.DataFrame) -> str:
    """One sentence: how much of the last three months was out of the ordinary, and what still is."""
    if found.is_empty():
        return "Nothing in the last three months was out of the ordinary."
    still = int(found["is_open"].sum())
    return (
        f"**{len(found)}** things in the last three months were out of the ordinary; "
        f"**{still}** of them still {'shows' if still == 1 else 'show'}."
    )
