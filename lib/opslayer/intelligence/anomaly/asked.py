"""What is asked of the watch, a row a series, and who may answer: the detector, or the season before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.anomaly.detector import Watched, watch
from opslayer.intelligence.holiday import ordinary

Floats = NDArray[np.float64]
CAPABILITY = "anomaly"
MODEL, NAIVE = "robust season and tail", "seasonal naive"
SEASON = {"day": 7, "week": 1, "month": 12}
WATCHED_SEASON = {"day": 7, "week": 1, "month": 1}
WINDOWS = {"day": (1, 3, 7), "week": (1, 4), "month": (1,)}
LEAST = {"day": 60, "week": 26, "month": 18}
KEPT = {"day": 540, "week": 156, "month": 120}  # periods that teach what is usual
BESIDE = ("score", "expected", "lower", "upper")
ASKED = pl.Schema(
    {
        "subject": pl.String(), "metric": pl.String(), "member": pl.String(), "frequency": pl.String(),
        "series": pl.List(pl.Float64),
    }
)  # fmt: skip
REPLY = pl.Schema(
    [
        ("answer", pl.Float64()),
        ("model", pl.String()),
        ("reasons", pl.String()),
        *((name, pl.List(pl.Float64)) for name in BESIDE),
    ]
)


def series(history: pl.DataFrame, holidays: Collection[date]) -> pl.DataFrame:
    """One row a metric and member: `subject`, and its values in order, holidays as ordinary days.

    `history` has the columns of marts.metric_history.
    """
    ordered = history.sort("metric", "member", "period_start")
    asked = []
    for (metric, member), rows in ordered.group_by("metric", "member", maintain_order=True):
        frequency = str(rows["frequency"][0])
        kept = rows.tail(KEPT[frequency])
        values = kept["value"].to_numpy().astype(np.float64)
        if frequency == "day":
            values = ordinary(kept["period_start"].to_list(), values, holidays)
        asked.append((f"{metric}:{member}", metric, member, frequency, values.tolist()))
    return pl.DataFrame(asked, schema=ASKED, orient="row")


def detector(rows: pl.DataFrame) -> pl.DataFrame:
    """How rare each value is by all before it, and what was usual there; the answer is the newest's score."""
    found = []
    for row in rows.iter_rows(named=True):
        values, frequency = np.array(row["series"], dtype=np.float64), str(row["frequency"])
        watched = watch(
            values,
            season=WATCHED_SEASON[frequency],
            windows=WINDOWS[frequency],
            floor=0.0 if values.min(initial=0.0) >= 0 else None,
            least=LEAST[frequency],
        )
        found.append(_reply(watched, MODEL))
    return pl.DataFrame(found, schema=REPLY)


def seasonal_naive(rows: pl.DataFrame) -> pl.DataFrame:
    """How far each value is from the season before, in spreads of such differences before it.

    A spread is 1.4826 times the median absolute difference (Rousseeuw, Croux 1993, table 1); two of them hold
    19 of 20 usual values. The score is that of the normal tail, minus log10 of its chance, for each window.
    """
    found = []
    for row in rows.iter_rows(named=True):
        values, frequency = np.array(row["series"], dtype=np.float64), str(row["frequency"])
        found.append(
            _reply(_naive(values, SEASON[frequency], LEAST[frequency], len(WINDOWS[frequency])), NAIVE)
        )
    return pl.DataFrame(found, schema=REPLY)


def _naive(values: Floats, season: int, least: int, windows: int) -> Watched:
    expected = np.full(len(values), np.nan)
    expected[season:] = values[:-season] if len(values) > season else []
    gaps = np.abs(values - expected)
    spread = np.full(len(values), np.nan)
    for place in range(max(least, season + 1), len(values)):
        spread[place] = 1.4826 * np.nanmedian(gaps[season:place])
    spread = np.maximum(spread, 1e-3 * float(np.median(np.abs(values))) + 1e-9)
    away = np.nan_to_num(gaps / spread)
    score = windows * away**2 / (2 * np.log(10))  # log of the normal tail, its leading term
    return Watched(score, expected, expected - 2 * spread, expected + 2 * spread)


def _reply(watched: Watched, model: str) -> dict[str, object]:
    lists = {name: _known(getattr(watched, name)) for name in BESIDE}
    newest = float(watched.score[-1]) if len(watched.score) else 0.0
    return {"answer": newest, "model": model, "reasons": "By all values before it.", **lists}


def _known(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # NaN: nothing known yet
