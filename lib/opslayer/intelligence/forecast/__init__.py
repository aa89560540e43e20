"""What comes next of each metric: a combination of methods, intervals that cover, practices that add up."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.forecast.asked import CAPABILITY, series
from opslayer.intelligence.forecast.combination import LEVELS, MODEL, NAIVE, VERSION, Forecast, forecast
from opslayer.intelligence.forecast.coverage import coverage
from opslayer.intelligence.forecast.crossing import crossings
from opslayer.intelligence.forecast.hierarchy import reconcile
from opslayer.intelligence.forecast.metrics import FIRM, forecast_table
from opslayer.intelligence.layer import Queries, hold_to_day

__all__ = [
    "CAPABILITY",
    "FIRM",
    "LEVELS",
    "MODEL",
    "NAIVE",
    "VERSION",
    "Forecast",
    "coverage",
    "crossings",
    "forecast",
    "forecast_table",
    "gather",
    "headline",
    "next_period",
    "readable",
    "reconcile",
    "series",
    "tables",
]


def gather(layer: Queries, history: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """What is asked, a row a series of `history` (`metrics.history`), with how forecasts before have held.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    return series(history, _holidays(layer), coverage(layer.query("forecasts_judged"), history))


def tables(
    layer: Queries, history: pl.DataFrame, asked: pl.DataFrame, answers: pl.DataFrame, *, as_of: date
) -> dict[str, pl.DataFrame]:
    """The table of the question, by name: metric_forecast, from what the capability `forecast` answered."""
    return {"metric_forecast": forecast_table(history, asked, answers, _holidays(layer), as_of=as_of)}


def _holidays(layer: Queries) -> set[date]:
    return set(layer.query("holidays")["day"].to_list())


def next_period(forecasts: pl.DataFrame) -> pl.DataFrame:
    """The first period to come of each series, its values as people read them."""
    first = forecasts.sort("period_start").unique(["metric", "member"], keep="first")
    return first.sort("metric", "member").with_columns(
        pl.col("metric").str.replace_all("_", " "), *map(_read, ("value", "lower_80", "upper_80"))
    )


def readable(leaving: pl.DataFrame) -> pl.DataFrame:
    """Crossings, the likeliest first, their values as people read them."""
    return leaving.sort("probability", descending=True).with_columns(
        *map(_read, ("latest", "bound", "expected")),
        pl.col("probability").map_elements("{:.0%}".format, pl.String),
    )


def _read(name: str) -> pl.Expr:
    return (
        pl.when(pl.col("unit") == "share")
        .then(pl.col(name).map_elements("{:.0%}".format, pl.String))
        .otherwise(pl.col(name).map_elements("{:,.0f}".format, pl.String))
        .alias(name)
    )


def headline(forecasts: pl.DataFrame) -> str:
    """One sentence: how many metrics are forecast, and of how many the season before stands."""
    if forecasts.is_empty():
        return "No metric has a history yet."
    series = forecasts.unique(["metric", "member"])
    naive = int(series["is_fallback"].sum())
    return (
        f"**{series['metric'].n_unique()} metrics** are forecast, {len(series)} series with their practices. "
        f"Of **{naive}**, what was a season before did better, or too little is known, and it stands."
    )
