"""Each metric as it is expected to go on, practices and firm adding up, in the columns of metric_forecast."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.forecast.asked import KEPT
from opslayer.intelligence.forecast.hierarchy import reconcile
from opslayer.intelligence.holiday import share
from opslayer.intelligence.tables import typed

Floats = NDArray[np.float64]
FIRM = "firm"
MOST_PARTS = 12
STEPS = ("ahead", "lower_80", "upper_80", "lower_95", "upper_95")
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "metric": pl.String(), "member": pl.String(), "frequency": pl.String(),
        "period_start": pl.Date(), "unit": pl.String(), "value": pl.Float64(),
        "lower_80": pl.Float64(), "upper_80": pl.Float64(), "lower_95": pl.Float64(),
        "upper_95": pl.Float64(), "error": pl.Float64(), "naive_error": pl.Float64(),
        "is_fallback": pl.Boolean(), "reasons": pl.String(), "model": pl.String(),
        "model_version": pl.String(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """A series, what was answered of it, and what is expected: a row each of STEPS, a column a period."""

    series: dict[str, object]
    starts: list[date]
    ahead: Floats
    one_step: Floats


def forecast_table(
    history: pl.DataFrame,
    asked: pl.DataFrame,
    answers: pl.DataFrame,
    holidays: Collection[date],
    *,
    as_of: date,
) -> pl.DataFrame:
    """One row a metric, member and period to come. `asked` is of `asked.series`, `answers` a row a row of it.

    A series that nobody could say anything of has no rows.
    """
    told = (
        asked.drop("series").hstack(answers.drop("subject", "as_of")).filter(pl.col("answer").is_not_null())
    )
    if told.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    parts = set(history.filter("is_part").select("metric").unique().to_series())
    found: list[Expected] = []
    for (metric,), rows in told.group_by("metric", maintain_order=True):
        expected = [_expected(row, history, holidays) for row in rows.iter_rows(named=True)]
        firm = [one for one in expected if one.series["member"] == FIRM]
        others = [one for one in expected if one.series["member"] != FIRM]
        adds_up = metric in parts and firm and 0 < len(others) <= MOST_PARTS
        found += _adding_up(others, firm[0]) if adds_up else firm
    return typed(pl.DataFrame([row for one in found for row in _rows(one, as_of)]), SCHEMA)


def _expected(row: dict[str, object], history: pl.DataFrame, holidays: Collection[date]) -> Expected:
    """Holidays get their share of an ordinary day."""
    frequency = str(row["frequency"])
    past = (
        history.filter(metric=row["metric"], member=row["member"]).sort("period_start").tail(KEPT[frequency])
    )
    days: list[date] = past["period_start"].to_list()
    ahead = np.array([row[name] for name in STEPS], dtype=np.float64)
    starts = following(days[-1], frequency, ahead.shape[1])
    if frequency == "day":
        less = share(days, past["value"].to_numpy().astype(np.float64), holidays)
        ahead = ahead * np.array([less if day in holidays else 1.0 for day in starts])
    return Expected(row, starts, ahead, np.array(row["one_step"], dtype=np.float64))


def _adding_up(parts: list[Expected], whole: Expected) -> list[Expected]:
    """The same, moved so that the parts are the whole exactly: money to the cent, hours to four places."""
    series = [*parts, whole]
    count = min(len(one.one_step) for one in series)
    errors = np.column_stack([one.one_step[len(one.one_step) - count :] for one in series])
    values = reconcile(np.stack([one.ahead[0] for one in parts]), whole.ahead[0], errors)
    places = 2 if whole.series["unit"] == "base currency" else 4
    values = np.asarray(np.round(np.maximum(values, 0.0), places), dtype=np.float64)
    summed: Floats = np.vstack([values, np.round(values.sum(axis=0), places)])
    return [_moved(one, value) for one, value in zip(series, summed, strict=True)]


def _moved(one: Expected, value: Floats) -> Expected:
    """The intervals go along with their middle, and stay above nothing."""
    ahead = np.maximum(one.ahead + (value - one.ahead[0]), 0.0)
    ahead[0] = value
    return replace(one, ahead=ahead)


def _rows(one: Expected, as_of: date) -> list[dict[str, object]]:
    off_by = one.series["off_by"]
    assert isinstance(off_by, list)
    why = one.series["why_fallback"]
    told = str(one.series["reasons"])
    shared = {
        "as_of": as_of,
        **{name: one.series[name] for name in ("metric", "member", "frequency", "unit")},
        "error": off_by[0],
        "naive_error": off_by[1],
        "is_fallback": one.series["is_fallback"],
        "reasons": told if why is None else f"{told} {str(why)[:1].upper()}{str(why)[1:].rstrip('.')}.",
        "model": one.series["model"],
        "model_version": one.series["model_version"],
    }
    names = ("value", *STEPS[1:])
    return [
        shared | {"period_start": start} | dict(zip(names, values, strict=True))
        for start, values in zip(one.starts, one.ahead.T.tolist(), strict=True)
    ]


def following(last: date, frequency: str, count: int) -> list[date]:
    """First days of the periods after the one that starts on `last`."""
    if frequency == "month":
        months = [last.year * 12 + last.month - 1 + step for step in range(1, count + 1)]
        return [date(month // 12, month % 12 + 1, 1) for month in months]
    return [last + timedelta(days={"day": 1, "week": 7}[frequency] * step) for step in range(1, count + 1)]


def named(forecasts: pl.DataFrame, metrics: Sequence[str]) -> pl.DataFrame:
    """The firm's rows of some metrics."""
    return forecasts.filter(pl.col("member") == FIRM, pl.col("metric").is_in(metrics))
