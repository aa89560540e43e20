"""Which metrics are within their expected range now and are expected to leave it, when, and how likely."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl
from scipy.stats import norm

from opslayer.intelligence.tables import typed
from opslayer.metrics import Metric

FIRM = "firm"
SPREADS = 2 * norm.ppf(0.9)  # standard deviations between the ends of an 80 % interval
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "metric": pl.String(), "title": pl.String(), "owner": pl.String(),
        "unit": pl.String(), "side": pl.String(), "bound": pl.Float64(), "latest": pl.Float64(),
        "crosses_on": pl.Date(), "expected": pl.Float64(), "probability": pl.Float64(),
        "reasons": pl.String(), "model": pl.String(), "model_version": pl.String(),
    }
)  # fmt: skip


def crossings(
    history: pl.DataFrame, forecasts: pl.DataFrame, metrics: Iterable[Metric], *, as_of: date
) -> pl.DataFrame:
    """One row a metric that is in its range and expected to be out of it at some period of the forecast.

    `history` has the columns of marts.metric_history, `forecasts` those of metric_forecast. `probability` is
    of being out at the first such period, by a normal that has the forecast's 80 % interval. What stands in
    for a model says nothing of the future that the past did not: its rows are left out.
    """
    firm = pl.col("member") == FIRM
    ahead = forecasts.filter(firm, ~pl.col("is_fallback")).sort("period_start")
    now = dict(
        history.filter(firm).sort("period_start").group_by("metric").agg(pl.col("value").last()).iter_rows()
    )
    rows = [
        row
        for metric in metrics
        for side, bound in (("low", metric.expected.low), ("high", metric.expected.high))
        if bound is not None and metric.name in now
        for row in _crossing(metric, side, bound, now[metric.name], ahead.filter(metric=metric.name))
    ]
    return typed(pl.DataFrame([{"as_of": as_of, **row} for row in rows], schema=SCHEMA), SCHEMA)


def _crossing(
    metric: Metric, side: str, bound: float, now: float, ahead: pl.DataFrame
) -> list[dict[str, Any]]:
    def is_out(value: float) -> bool:
        return value < bound if side == "low" else value > bound

    out = [row for row in ahead.iter_rows(named=True) if is_out(row["value"])]
    if is_out(now) or not out:
        return []
    first = out[0]
    return [
        {
            "metric": metric.name,
            "title": metric.title,
            "owner": metric.owner,
            "unit": first["unit"],
            "side": side,
            "bound": bound,
            "latest": now,
            "crosses_on": first["period_start"],
            "expected": first["value"],
            "probability": chance_out(first, side, bound),
            "reasons": _reason(metric, side, bound, now, first),
            "model": first["model"],
            "model_version": first["model_version"],
        }
    ]


def chance_out(row: dict[str, Any], side: str, bound: float) -> float:
    """Of a value beyond the bound, by the ends of its 80 % interval; the middle is its expectation."""
    spread = (row["upper_80"] - row["lower_80"]) / SPREADS
    if spread <= 0:
        return 1.0
    below = float(norm.cdf((bound - row["value"]) / spread))
    return below if side == "low" else 1 - below


def _reason(metric: Metric, side: str, bound: float, now: float, first: dict[str, Any]) -> str:
    unit = first["unit"]
    word, chance = "below" if side == "low" else "above", chance_out(first, side, bound)
    when = {"day": "{:%-d %B %Y}", "week": "the week from {:%-d %B %Y}", "month": "{:%B %Y}"}
    return (
        f"{metric.title} is {_written(now, unit)} and expected to be {_written(first['value'], unit)} in "
        f"{when[first['frequency']].format(first['period_start'])}, {word} {_written(bound, unit)}; the "
        f"chance of that is {chance:.0%}. {first['reasons']}"
    )


def _written(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f}{' days' if unit == 'days' else ''}"
