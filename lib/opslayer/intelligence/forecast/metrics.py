"""Each metric as it is expected to go on, practices and firm adding up, in the columns of metric_forecast."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from opslayer.intelligence.forecast.combination import MODEL, NAIVE, VERSION, Forecast, forecast
from opslayer.intelligence.forecast.hierarchy import reconcile
from opslayer.intelligence.holiday import ordinary, share
from opslayer.intelligence.tables import typed

Floats = NDArray[np.float64]
FIRM = "firm"
WATCHED = ("failures", "table_rows")  # what contracts watch; nobody plans by it
HORIZON = {"day": 28, "week": 13, "month": 6}
PERIOD = {"day": 7, "week": 1, "month": 12}
KEPT = {"day": 420, "week": 156, "month": 120}  # periods before that teach
MOST_PARTS = 12
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
    """A series and what is expected: rows value, lower 80, upper 80, lower 95, upper 95; a column a step."""

    metric: str
    member: str
    frequency: str
    unit: str
    starts: list[date]
    ahead: Floats
    made: Forecast
    periods: int


def forecast_metrics(history: pl.DataFrame, holidays: Collection[date], *, as_of: date) -> pl.DataFrame:
    """One row a metric, member and period to come. `history` has the columns of marts.metric_history."""
    wanted = history.filter(~pl.col("metric").is_in(WATCHED)).sort("metric", "member", "period_start")
    if wanted.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    found: list[Expected] = []
    with threadpool_limits(1):
        for rows in wanted.partition_by("metric", maintain_order=True):
            parts = rows.filter(pl.col("member") != FIRM).partition_by("member", maintain_order=True)
            whole = _expect(rows.filter(pl.col("member") == FIRM), holidays)
            if not parts or len(parts) > MOST_PARTS or not rows["is_part"].any():
                found.append(whole)
                continue
            found += _adding_up([_expect(part, holidays) for part in parts], whole)
    return typed(pl.DataFrame([row for one in found for row in _rows(one, as_of)]), SCHEMA)


def _expect(rows: pl.DataFrame, holidays: Collection[date]) -> Expected:
    frequency = str(rows["frequency"][0])
    rows = rows.tail(KEPT[frequency])
    days: list[date] = rows["period_start"].to_list()
    values = rows["value"].to_numpy().astype(np.float64)
    daily = frequency == "day"
    made = forecast(
        ordinary(days, values, holidays) if daily else values,
        period=PERIOD[frequency],
        horizon=HORIZON[frequency],
        floor=0.0 if values.min() >= 0 else None,
    )
    starts = following(days[-1], frequency, HORIZON[frequency])
    ahead = np.stack([made.mean, made.lower[0], made.upper[0], made.lower[1], made.upper[1]])
    if daily:
        less = share(days, values, holidays)
        ahead = ahead * np.array([less if day in holidays else 1.0 for day in starts])
    metric, member, unit = (str(rows[name][0]) for name in ("metric", "member", "unit"))
    return Expected(metric, member, frequency, unit, starts, ahead, made, len(values))


def _adding_up(parts: list[Expected], whole: Expected) -> list[Expected]:
    """The same, moved so that the parts are the whole exactly: money to the cent, hours to four places."""
    series = [*parts, whole]
    count = min(len(one.made.one_step) for one in series)
    errors = np.column_stack([one.made.one_step[len(one.made.one_step) - count :] for one in series])
    values = reconcile(np.stack([one.ahead[0] for one in parts]), whole.ahead[0], errors)
    places = 2 if whole.unit == "base currency" else 4
    values = np.asarray(np.round(np.maximum(values, 0.0), places), dtype=np.float64)
    summed: Floats = np.vstack([values, np.round(values.sum(axis=0), places)])
    return [_moved(one, value) for one, value in zip(series, summed, strict=True)]


def _moved(one: Expected, value: Floats) -> Expected:
    """The intervals go along with their middle, and stay above nothing."""
    ahead = np.maximum(one.ahead + (value - one.ahead[0]), 0.0)
    ahead[0] = value
    return Expected(one.metric, one.member, one.frequency, one.unit, one.starts, ahead, one.made, one.periods)


def _rows(one: Expected, as_of: date) -> list[dict[str, object]]:
    shared = {
        "as_of": as_of,
        "metric": one.metric,
        "member": one.member,
        "frequency": one.frequency,
        "unit": one.unit,
        "error": None if np.isnan(one.made.error) else one.made.error,
        "naive_error": None if np.isnan(one.made.naive_error) else one.made.naive_error,
        "is_fallback": one.made.is_fallback,
        "reasons": _reason(one),
        "model": NAIVE if one.made.is_fallback else MODEL,
        "model_version": VERSION,
    }
    names = ("value", "lower_80", "upper_80", "lower_95", "upper_95")
    return [
        shared | {"period_start": start} | dict(zip(names, values, strict=True))
        for start, values in zip(one.starts, one.ahead.T.tolist(), strict=True)
    ]


def _reason(one: Expected) -> str:
    if one.made.is_fallback:
        return one.made.fallback
    word = {"base currency": "", "share": "", "rows": ""}.get(one.unit, f" {one.unit}")
    shown = "{:.1%}" if one.unit == "share" else "{:,.0f}" if one.made.error >= 100 else "{:,.1f}"
    return (
        f"From {one.periods:,} {one.frequency}s before. At {one.made.origins} earlier origins it was off by "
        f"{shown.format(one.made.error)}{word} on average, the same {_before(one.frequency)} by "
        f"{shown.format(one.made.naive_error)}."
    )


def _before(frequency: str) -> str:
    return {"day": "weekday before", "week": "value the week before", "month": "month a year before"}[
        frequency
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
