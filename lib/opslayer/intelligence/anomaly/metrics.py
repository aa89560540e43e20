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
SERIES = 20  # as many are watched at those thresholds; among ten times as many, ten times as rare is told of
KEPT = {"day": 540, "week": 156, "month": 120}  # periods that teach what is usual
RECENT = 91  # days back from as_of that an episode must reach to be told of
SEASON = {"day": 7, "week": 1, "month": 1}
WINDOWS = {"day": (1, 3, 7), "week": (1, 4), "month": (1,)}
LEAST = {"day": 60, "week": 26, "month": 18}
LENGTH = {"day": 1, "week": 7, "month": 31}
WORDS = {
    "rows": "rows of {}",
    "table_rows": "rows of {} in all",
    "failures": "rows that break a rule ({})",
    "missing": "of the rows without {}",
    "mean": "as the mean of {}",
    "least": "as the smallest {}",
    "most": "as the largest {}",
    "freshness": "days since the last row of {}",
    "billable_hours": "billable hours",
    "calls_missed": "missed calls",
    "dso": "days sales outstanding",
}
LEVELS = ("cash", "over_90", "table_rows", "failures")  # stand at the end of a period rather than come in it
ONE_SIDED = ("freshness", "failures")  # less of them is no trouble
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
    series = history.sort("metric", "member", "period_start").partition_by(
        "metric", "member", maintain_order=True
    )
    more = np.log10(max(len(series) / SERIES, 1.0))
    found = [row for rows in series for row in _of_one(rows, holidays, as_of, more)]
    if not found:
        return pl.DataFrame(schema=SCHEMA)
    return typed(pl.DataFrame(found, infer_schema_length=None), SCHEMA).sort(
        "period_start", "score", "metric", "member", descending=[True, True, False, False]
    )


def _of_one(
    rows: pl.DataFrame, holidays: Collection[date], as_of: date, more: float
) -> list[dict[str, object]]:
    frequency = str(rows["frequency"][0])
    rows = rows.tail(KEPT[frequency])
    metric, member, unit = (str(rows[name][0]) for name in ("metric", "member", "unit"))
    days: list[date] = rows["period_start"].to_list()
    values = rows["value"].to_numpy().astype(np.float64)
    judged = ordinary(days, values, holidays) if frequency == "day" else values
    windows, season = WINDOWS[frequency], SEASON[frequency]
    floor = 0.0 if values.min(initial=0.0) >= 0 else None
    watched = watch(judged, season=season, windows=windows, floor=floor, least=LEAST[frequency])
    threshold = THRESHOLDS[len(windows)] + more
    told = []
    for one in episodes(judged, watched, threshold=threshold, rest=max(windows)):
        last = days[one.last] + timedelta(days=LENGTH[frequency])
        if last < as_of - timedelta(days=RECENT):
            continue
        if watched.lower[one.worst] <= values[one.worst] <= watched.upper[one.worst]:
            continue  # a window's mean was odd, and no value that a reader could be shown
        if metric in ONE_SIDED and values[one.worst] < watched.lower[one.worst]:
            continue
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
    what = WORDS.get(metric, metric.replace("_", " ")).format(member)
    whose = "" if member == FIRM or "." in member else f" of {member}"
    usual = {"day": f"A {days[one.worst]:%A}", "week": "A week", "month": "A month"}[frequency]
    verb = "was" if unit in ("share", "days", "number") or metric in LEVELS else "came"
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
        return f"{value:.0%}" if value < 0.0005 or value >= 0.1 else f"{value:.1%}"
    return f"{value:,.0f}" if unit != "number" or abs(value) >= 100 else f"{value:,.2f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
