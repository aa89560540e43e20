"""Projects heading over budget: hours at completion with intervals, since when it shows, and why."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.overrun.backtest import NAIVE, backtest, replay
from opslayer.intelligence.overrun.experience import Experience, ended_by, learn
from opslayer.intelligence.overrun.forecast import MODEL, forecast_projects

__all__ = [
    "Experience",
    "backtest",
    "backtest_verdict",
    "forecast_projects",
    "headline",
    "learn",
    "named",
    "replay",
    "run",
]


def run(layer: Queries, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: project_forecast, overrun_backtest.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    state, progress = layer.query("project_state"), layer.query("project_progress")
    experience = learn(ended_by(state, as_of))
    return {
        "project_forecast": forecast_projects(state, progress, experience, as_of=as_of),
        "overrun_backtest": backtest(state, progress, as_of=as_of),
    }


def named(forecast: pl.DataFrame) -> pl.DataFrame:
    """The projects that are named as heading over their budget."""
    return forecast.filter("is_named")


def headline(forecast: pl.DataFrame) -> str:
    """One sentence: how many running projects head over their budget, and by how much."""
    if forecast.is_empty():
        return "No project is running."
    over = named(forecast)
    hours = float(over["hours_at_risk"].sum())
    return (
        f"**{len(over)} of {len(forecast)}** running projects are heading over their budget, "
        f"by **{hours:,.0f} hours** in all."
    )


def backtest_verdict(measured: pl.DataFrame) -> str:
    """One sentence: how the model did against the naive rule; empty history is said."""
    if measured.is_empty():
        return "Too few projects have ended to test the model."
    value = {(row["model"], row["metric"]): row["value"] for row in measured.to_dicts()}
    return (
        f"Tried on {measured['projects'][0]:,} ended projects when half of their budgets were spent. Of two, "
        f"one that went over and one that did not, it gave the first the higher chance in "
        f"{value[MODEL, 'auc']:.0%} of cases (burn against time: {value[NAIVE, 'auc']:.0%}; a coin: 50%). "
        f"Brier score {value[MODEL, 'brier']:.3f} ({value[NAIVE, 'brier']:.3f}; lower is better)."
    )
