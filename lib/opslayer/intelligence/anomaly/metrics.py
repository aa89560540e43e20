"""Metrics and contract statistics out of the ordinary, since when and why: columns of metric_anomaly."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.anomaly.detector import Episode, Watched, episodes, watch
from opslayer.intelligence.holiday import ordinary
from opslayer.intelligence.tables import typed

Floats = NDArray[np.float64]
MODEL, VERSION = "robust season and tail", "1"
FIRM = "firm"
THRESHOLDS = {1: 5.0, 2: 7.5, 3: 10.0}
"""By number of windows: the score from which something is told of."""
RECENT = 91  # days back from as_of that an episode must reach to be told of
SEASON = {"day": 7, "week": 1, "month": 1}
WINDOWS = {"day": (1, 3, 7), "week": (1, 4), "month": (1,)}
LEAST = {"day": 60, "week": 26, "month": 18}
LENGTH = {"day": 1, "week": 7, "month": 31}
WORDS = {
    "rows": "rows of {}",
    "unlinked": "rows of {} that name nobody or nothing they belong to",
    "billable_hours": "billable hours",
    "calls_missed": "missed calls",
    "dso": "days sales outstanding",
}
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "metric": pl.String(), "member": pl.String(), "frequency": pl.String(),
        "period_start": pl.Date(), "since": pl.Date(), "unit": pl.String(), "value": pl.Float64(),
        "expected": pl.Float64(), "lower": pl.Float64(), "upper": pl.Float64(), "score": pl.Float64(),
        "is_open": pl.Boolean(), "reasons": pl.String(), "model": pl.String(), "model_version": pl.String(),
    }
)  # fmt: skip


def metric_anomalies(history: pl.DataFrame, holidays: Collection[date], *, as_of: date) -> pl.DataFrame:
    """One row an episode of a metric that reaches into the last three months, newest first.

    `history` has the columns of marts.metric_history. Holidays are judged as the ordinary day they replace.
    """
    found: list[dict[str, object]] = []
    ordered = history.sort("metric", "member", "period_start")
    for rows in ordered.partition_by("metric", "member", maintain_order=True) if len(ordered) else []:
        found += _of_one(rows, holidays, as_of)
    if not found:
        return pl.DataFrame(schema=SCHEMA)
    return typed(pl.DataFrame(found, infer_schema_length=None), SCHEMA).sort(
        "period_start", "score", "metric", "member", descending=[True, True, False, False]
    )


def _of_one(rows: pl.DataFrame, holidays: Collection[date], as_of: date) -> list[dict[str, object]]:
    metric, member, frequency, unit = (
        str(rows[name][0]) for name in ("metric", "member", "frequency", "unit")
    )
    days: list[date] = rows["period_start"].to_list()
    values = rows["value"].to_numpy().astype(np.float64)
    judged = ordinary(days, values, holidays) if frequency == "day" else values
    windows, season = WINDOWS[frequency], SEASON[frequency]
    watched = watch(judged, season=season, windows=windows, floor=0.0, least=LEAST[frequency])
    threshold = THRESHOLDS[len(windows)]
    told = []
    for one in episodes(judged, watched, threshold=threshold, rest=max(windows)):
        last = days[one.last] + timedelta(days=LENGTH[frequency])
        if last < as_of - timedelta(days=RECENT):
            continue
        if watched.lower[one.worst] <= values[one.worst] <= watched.upper[one.worst]:
            continue  # a window's mean was odd, and no value that a reader could be shown
        told.append(
            {
                "as_of": as_of,
                "metric": metric,
                "member": member,
                "frequency": frequency,
                "period_start": days[one.worst],
                "since": days[one.first],
                "unit": unit,
                "value": values[one.worst],
                "expected": max(watched.expected[one.worst], watched.lower[one.worst]),
                "lower": watched.lower[one.worst],
                "upper": watched.upper[one.worst],
                "score": watched.score[one.worst],
                "is_open": one.last == len(days) - 1,
                "reasons": reason(metric, member, frequency, unit, days, judged, watched, one),
                "model": MODEL,
                "model_version": VERSION,
            }
        )
    return told


def reason(
    metric: str,
    member: str,
    frequency: str,
    unit: str,
    days: list[date],
    values: Floats,
    watched: Watched,
    one: Episode,
) -> str:
    """What is usual, what came, and since when: in a sentence."""
    low, high, came = (_written(x[one.worst], unit) for x in (watched.lower, watched.upper, values))
    what = WORDS.get(metric, metric).format(member)
    whose = "" if member == FIRM or "." in member else f" of {member}"
    usual = {"day": f"A {days[one.worst]:%A}", "week": "A week", "month": "A month"}[frequency]
    verb = "was" if unit in ("share", "days") else "came"
    between = f"{low} to {high}" if low != high else low if low != "0" else "no"
    told = f"{usual} usually has {between} {what}{whose}; {came} {verb}"
    told += {
        "day": f" on {_day(days[one.worst])}",
        "week": f" in the week from {_day(days[one.worst])}",
        "month": f" in {days[one.worst]:%B %Y}",
    }[frequency]
    return told + (f"; since {_day(days[one.first])}." if one.first < one.worst else ".")


def _written(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.0%}"
    return f"{value:,.0f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
