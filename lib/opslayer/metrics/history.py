"""Each metric's past: from the days of what happened where those are known, else as each snapshot had it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from opslayer.metrics.metric import MetricValue, Queries

UNITS = {"currency": "base currency", "days": "days", "ratio": "share", "count": "count"}
KEPT = pl.Schema(
    {
        "as_of": pl.Date(), "metric": pl.String(), "member": pl.String(), "unit": pl.String(),
        "value": pl.Float64(),
    }
)  # fmt: skip
FAILURES = "failures"
HISTORY = ("metric", "member", "frequency", "period_start", "unit", "is_part", "value")


def kept_today(layer: Queries, values: Iterable[MetricValue]) -> pl.DataFrame:
    """What of a snapshot no later one can tell: each metric's value, and of each table its rows and failures.

    Columns of `intelligence.metric_kept`. A metric without a value has no row; a rule that nothing breaks has
    none either.
    """
    metrics = pl.DataFrame(
        [
            (one.as_of, one.metric.name, "firm", UNITS[one.metric.unit], one.value)
            for one in values
            if one.value is not None
        ],
        schema=KEPT,
        orient="row",
    )
    statistics = layer.query("contract_statistics").with_columns(as_of=pl.lit(layer.as_of))
    return pl.concat([metrics, statistics.select(pl.col(name).cast(kind) for name, kind in KEPT.items())])


def history(layer: Queries, today: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row a metric, member and period that has ended, with the columns of marts.metric_history.

    What was kept counts by the day, where the mart has no history of its own; `today` is what the newest
    snapshot adds (`kept_today`), once it is kept itself it may be left out.
    """
    told = layer.query("metric_history")
    kept = layer.query("metric_kept")
    if today is not None:
        kept = pl.concat([kept.filter(pl.col("as_of") != layer.as_of), today.select(kept.columns)])
    days: list[date] = kept["as_of"].unique().sort().to_list()
    kept = kept.filter(~pl.col("metric").is_in(told["metric"].unique().to_list()))
    return pl.concat([told.select(HISTORY), daily(kept, days).select(HISTORY)])


def daily(kept: pl.DataFrame, days: list[date]) -> pl.DataFrame:
    """What the snapshots of some days, in order, had, on each day since the first of them.

    A day without a snapshot is as the one before. A rule without a row on a day with one had no failures.
    """
    if kept.is_empty():
        return pl.DataFrame(schema={name: _TYPES[name] for name in HISTORY})
    every = pl.DataFrame({"as_of": pl.date_range(days[0], days[-1], eager=True)})
    seen = pl.DataFrame({"as_of": days, "has_snapshot": True})
    keys = kept.group_by("metric", "member", maintain_order=True).agg(
        pl.col("unit").last(), first=pl.col("as_of").min()
    )
    filled = (
        every.join(seen, on="as_of", how="left")
        .join(keys, how="cross")
        .join(kept.drop("unit"), on=["metric", "member", "as_of"], how="left")
        .with_columns(
            value=pl.when(pl.col("metric") == FAILURES)
            .then(pl.when("has_snapshot").then(pl.col("value").fill_null(0.0)))
            .otherwise("value")
        )
        .sort("metric", "member", "as_of")
        .with_columns(pl.col("value").forward_fill().over("metric", "member"))
        .filter((pl.col("metric") == FAILURES) | (pl.col("as_of") >= pl.col("first")))
    )
    return filled.with_columns(
        frequency=pl.lit("day"), is_part=pl.lit(False), period_start=pl.col("as_of")
    ).filter(pl.col("value").is_not_null())


_TYPES = {
    "metric": pl.String(), "member": pl.String(), "frequency": pl.String(), "period_start": pl.Date(),
    "unit": pl.String(), "is_part": pl.Boolean(), "value": pl.Float64(),
}  # fmt: skip
