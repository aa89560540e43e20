"""Metrics and contract statistics out of the ordinary, since when and why: columns of metric_anomaly."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.anomaly.asked import BESIDE, WINDOWS
from opslayer.intelligence.anomaly.detector import Episode, Watched, episodes
from opslayer.intelligence.tables import typed

Floats = NDArray[np.float64]
FIRM = "firm"
THRESHOLDS = {1: 5.0, 2: 6.5, 3: 8.5}
"""By number of windows: the score from which something is told of. Noise (normal, counted, in proportion,
wandering) is so 0.1 (month, week) to 0.3 times (day) a series and year: tests/unit/test_anomaly.py."""
SERIES = 20  # as many are watched at those thresholds; among ten times as many, ten times as rare is told of
RECENT = 91  # days back from as_of that an episode must reach to be told of
LENGTH = {"day": 1, "week": 7, "month": 31}
WORDS = {
    "rows": "rows of {}",
    "table_rows": "rows of {} in all",
    "failures": "rows that break a rule ({})",
    "missing": "of the rows without {}",
    "mean": "as the mean of {}",
    "least": "as the smallest {}",
    "most": "as the largest {}",
    "freshness": "working days since the last row of {}",
    "billable_hours": "billable hours",
    "calls_missed": "missed calls",
    "dso": "days sales outstanding",
}
LEVELS = ("cash", "over_90", "table_rows", "failures")  # stand at the end of a period rather than come in it
ONE_SIDED = ("freshness", "failures")  # less of them is no trouble
NAMES = {
    "missing": "share missing",
    "least": "smallest value",
    "most": "largest value",
    "mean": "mean",
    "freshness": "working days without rows",
    "failures": "rows that break a rule",
}
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "metric": pl.String(), "member": pl.String(), "frequency": pl.String(),
        "period_start": pl.Date(), "since": pl.Date(), "unit": pl.String(), "value": pl.Float64(),
        "expected": pl.Float64(), "lower": pl.Float64(), "upper": pl.Float64(), "score": pl.Float64(),
        "is_open": pl.Boolean(), "reasons": pl.String(), "model": pl.String(), "model_version": pl.String(),
    }
)  # fmt: skip


def anomaly_table(
    history: pl.DataFrame, asked: pl.DataFrame, answers: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """One row an episode of a metric that reaches into the last three months, newest first.

    `asked` is of `asked.series`, `answers` a row a row of it. Holidays were judged as the ordinary day they
    replace; the value told is the one that came.
    """
    told = asked.rename({"series": "judged"}).hstack(answers.drop("subject", "as_of"))
    told = told.filter(pl.col("answer").is_not_null())
    more = np.log10(max(told.height / SERIES, 1.0))
    past = dict(history.sort("period_start").group_by("metric", "member"))
    found = [
        row
        for one in told.iter_rows(named=True)
        for row in _of_one(one, past[one["metric"], one["member"]], as_of, more)
    ]
    if not found:
        return pl.DataFrame(schema=SCHEMA)
    return typed(pl.DataFrame(found, infer_schema_length=None), SCHEMA).sort(
        "period_start", "score", "metric", "member", descending=[True, True, False, False]
    )


def _of_one(one: dict[str, Any], past: pl.DataFrame, as_of: date, more: float) -> list[dict[str, object]]:
    metric, frequency = one["metric"], one["frequency"]
    rows = past.tail(len(one["judged"]))
    days: list[date] = rows["period_start"].to_list()
    values = rows["value"].to_numpy().astype(np.float64)
    judged = np.array(one["judged"], dtype=np.float64)
    watched = Watched(*(np.array(one[name], dtype=np.float64) for name in BESIDE))
    windows = WINDOWS[frequency]
    shared = {
        "as_of": as_of,
        **{name: one[name] for name in ("metric", "member", "frequency", "model", "model_version")},
        "unit": str(rows["unit"][0]),
    }
    told = []
    for episode in episodes(judged, watched, threshold=THRESHOLDS[len(windows)] + more, rest=max(windows)):
        worst, low, high = episode.worst, watched.lower[episode.worst], watched.upper[episode.worst]
        last = days[episode.last] + timedelta(days=LENGTH[frequency])
        if last < as_of - timedelta(days=RECENT):
            continue
        if low <= values[worst] <= high:
            continue  # a window's mean was odd, and no value that a reader could be shown
        if metric in ONE_SIDED and values[worst] < low:
            continue
        told.append(
            {
                **shared,
                "period_start": days[worst],
                "since": days[episode.first],
                "value": values[worst],
                "expected": max(watched.expected[worst], low),
                "lower": low,
                "upper": high,
                "score": watched.score[worst],
                "is_open": episode.last == len(days) - 1,
                "reasons": reason(
                    metric, one["member"], frequency, shared["unit"], days, judged, watched, episode
                ),
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
    low, high, came = (written(x[one.worst], unit) for x in (watched.lower, watched.upper, values))
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


def name_of(metric: str) -> str:
    """A metric, or what is watched of a table, by a short name."""
    return NAMES.get(metric, metric.replace("_", " "))


def written(value: float, unit: str) -> str:
    """A value as people read it: 0.7%, 1,547, 4.08."""
    if unit == "share":
        return f"{value:.0%}" if value < 0.0005 or value >= 0.1 else f"{value:.1%}"
    return f"{value:,.0f}" if unit != "number" or abs(value) >= 100 else f"{value:,.2f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
