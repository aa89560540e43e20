"""How right the revenue forecast has been, 4, 8 and 13 weeks before the end of three months.

Three months that end with each of the last WINDOWS months: quarters, and the ones between, which overlap.
Each is forecast with what was known then, and held against two rivals. Stage weights: what was invoiced,
what is left of each running budget spread evenly to the day it is due, and each open deal's amount by the
weight of its stage, from a fortnight after its expected close, spread evenly over its weeks. Last year: the
same three months a year before. Due dates are not kept as they were known, so stage weights are told those
of today.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.revenue.forecast import MODEL, VERSION, expect
from opslayer.intelligence.revenue.inputs import Floats, Inputs
from opslayer.intelligence.revenue.level import Past, levelled, measure
from opslayer.intelligence.revenue.season import next_month
from opslayer.intelligence.revenue.simulation import monthly, shared
from opslayer.intelligence.revenue.sources import Sources
from opslayer.intelligence.tables import MONEY, typed

Days = NDArray[np.datetime64]

WEIGHTS, LAST_YEAR = "stage weights", "last year's quarter"
WINDOWS = 12
HORIZON_WEEKS = (4, 8, 13)
PATHS = 400
START_DAYS, WEEKS = 14, 13  # from the close to the start, and the length, of a deal that says neither
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "quarter_end": pl.Date(),
        "horizon_weeks": pl.Int32(),
        "model": pl.String(),
        "origin": pl.Date(),
        "forecast_base": MONEY,
        "lower_80": MONEY,
        "upper_80": MONEY,
        "actual_base": MONEY,
        "model_version": pl.String(),
    }
)


def backtest(inputs: Inputs, *, as_of: date, past: Past | None = None) -> pl.DataFrame:
    """One row a quarter, horizon and model (columns of intelligence.revenue_backtest).

    None where a quarter, or the learning before it, lies before what is known. `past` may hold what is
    taught.
    """
    past = past or Past(inputs)
    rows: list[tuple[object, ...]] = []
    drawn: dict[str, Floats] = {}
    this_month = (as_of + timedelta(days=1)).replace(day=1)
    for back in range(WINDOWS):
        until = next_month(this_month, -back)
        start, end = next_month(until, -3), until - timedelta(days=1)
        for weeks in HORIZON_WEEKS:
            origin = end - timedelta(weeks=weeks)
            sources = past.sources(origin)
            if sources.is_fallback:
                continue
            actual = invoiced(inputs, start, end)
            done = invoiced(inputs, start, origin)
            middle, low, high = _ours(levelled(sources, measure(sources, past)), start, until, drawn)
            shared_columns = (end, weeks, origin, actual)
            rows.append((*shared_columns, MODEL, done + middle, done + low, done + high))
            rows.append((*shared_columns, WEIGHTS, done + weighted(inputs, sources, end), None, None))
            before = invoiced(inputs, next_month(start, -12), next_month(until, -12) - timedelta(days=1))
            if before > 0:
                rows.append((*shared_columns, LAST_YEAR, before, None, None))
    names = (
        "quarter_end",
        "horizon_weeks",
        "origin",
        "actual_base",
        "model",
        "forecast_base",
        "lower_80",
        "upper_80",
    )
    frame = pl.DataFrame(
        rows, schema=dict.fromkeys(names) | {"lower_80": pl.Float64, "upper_80": pl.Float64}, orient="row"
    )
    return typed(frame.with_columns(as_of=pl.lit(as_of), model_version=pl.lit(VERSION)), SCHEMA).sort(
        "quarter_end", "horizon_weeks", "model"
    )


def invoiced(inputs: Inputs, start: date, end: date) -> float:
    chosen = inputs.revenue.filter((pl.col("day") >= start) & (pl.col("day") <= end))
    return float(chosen["amount_base"].cast(pl.Float64).sum())


def weighted(inputs: Inputs, sources: Sources, end: date) -> float:
    """What stage weights and plans expect after the day of `sources` until `end`, base currency."""
    origin = sources.day
    spent = (
        inputs.work.filter(pl.col("week_start") <= origin)
        .group_by("project_id")
        .agg(pl.col("value_base").sum())
    )
    begun = inputs.projects.join(spent, on="project_id", maintain_order="left").filter(
        (pl.col("ended_on").is_null() | (pl.col("ended_on") > origin)) & (pl.col("due_on") > origin)
    )
    left = pl.col("budget_amount_base").cast(pl.Float64) - pl.col("value_base").cast(pl.Float64)
    running = begun.select(
        amount=left.fill_null(0.0).clip(lower_bound=0.0), start=pl.lit(origin), last="due_on"
    )
    start = pl.col("expected_close_on").fill_null(origin) + pl.duration(days=START_DAYS)
    weeks = pl.col("weeks").fill_null(0).cast(pl.Int64)
    length = pl.when(weeks == 0).then(WEEKS).otherwise(weeks)
    deals = sources.outlook.deals.select(
        amount=pl.col("amount_base").cast(pl.Float64).fill_null(0.0) * pl.col("stage_weight"),
        start=start,
        last=start + pl.duration(days=7 * length),
    )
    plans = pl.concat([running, deals])
    share = _overlap(plans["start"].to_numpy(), plans["last"].to_numpy(), origin, end)
    return float((plans["amount"].to_numpy() * share).sum())


def _overlap(start: Days, last: Days, origin: date, end: date) -> Floats:
    """Share of the working days from `start` to `last` that lie after `origin` and not after `end`."""
    first, until = np.datetime64(origin, "D"), np.datetime64(end, "D")
    inside = np.maximum(start, first)
    days = np.busday_count(inside, np.maximum(np.minimum(last, until), inside))
    share: Floats = days / np.maximum(np.busday_count(start, last), 1)
    return share


def _ours(sources: Sources, start: date, until: date, drawn: dict[str, Floats]) -> tuple[float, float, float]:
    expected = expect(sources)
    middle = float(expected.within(start, until).sum()) / 100
    chosen = np.array([start <= month < until for month in expected.calendar.months])
    ahead = expected.calendar
    flows = monthly(sources, ahead.share * chosen, ahead.running * chosen, drawn, seed=0, paths=PATHS)
    common = shared(sources, ahead, seed=0, paths=PATHS)
    totals = (flows * common).sum(axis=1)
    low, high = np.quantile(totals - totals.mean(), (0.1, 0.9))
    return middle, middle + float(low), middle + float(high)


def backtest_summary(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a model and horizon: quarters, mae_base, mape, bias, and coverage_80 where it has an
    interval."""
    error = pl.col("forecast_base").cast(pl.Float64) - pl.col("actual_base").cast(pl.Float64)
    share = error / pl.col("actual_base").cast(pl.Float64)
    inside = pl.col("actual_base").is_between(pl.col("lower_80"), pl.col("upper_80"))
    return (
        frame.group_by("horizon_weeks", "model")
        .agg(
            quarters=pl.len().cast(pl.Int64),
            mae_base=error.abs().mean().round(2).cast(MONEY),
            mape=share.abs().mean(),
            bias=share.mean(),
            coverage_80=inside.mean(),
        )
        .sort("horizon_weeks", "mape", "model")
    )


def backtest_verdict(frame: pl.DataFrame) -> str:
    """What the forecast has been worth, against its rivals, at each horizon; empty history is said."""
    if frame.is_empty():
        return "There is too little history to test the forecast; it has no record yet."
    rows = {(r["horizon_weeks"], r["model"]): r for r in backtest_summary(frame).iter_rows(named=True)}
    told, beaten = [], []
    for weeks in sorted({weeks for weeks, _ in rows}):
        own = rows[weeks, MODEL]
        rivals = {name: rows[weeks, name]["mape"] for name in (WEIGHTS, LAST_YEAR) if (weeks, name) in rows}
        beaten += [f"{name} at {weeks} weeks" for name, mape in rivals.items() if mape < own["mape"]]
        against = ", ".join(f"{name} {mape:.1%}" for name, mape in rivals.items())
        told.append(f"{weeks} weeks before the end it was {own['mape']:.1%} off ({against})")
    own_rows = frame.filter(model=MODEL)
    inside = own_rows.select(pl.col("actual_base").is_between("lower_80", "upper_80").mean()).item()
    judgement = (
        f"It has NOT been better than {', '.join(beaten)}."
        if beaten
        else "It has been closer than both at each."
    )
    return (
        f"{'; '.join(told)}. {judgement} {inside:.0%} of outcomes fell in its 80% intervals "
        f"({own_rows['quarter_end'].n_unique()} spans of three months, which overlap)."
    )
