"""Which open deals will be won, and when they will be decided: calibrated on how the firm's deals ended."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.win.backtest import RIVAL, backtest, replay, verdict
from opslayer.intelligence.win.forecast import forecast_table
from opslayer.intelligence.win.hazard import WEEKS, WinModel
from opslayer.intelligence.win.history import known_on
from opslayer.intelligence.win.outlook import MODEL, Outlook, outlook, teach
from opslayer.intelligence.win.weights import stage_weights

__all__ = [
    "MODEL",
    "RIVAL",
    "WEEKS",
    "Outlook",
    "WinModel",
    "backtest",
    "forecast_table",
    "headline",
    "known_on",
    "outlook",
    "replay",
    "run",
    "stage_weights",
    "teach",
    "verdict",
]


def run(layer: Queries, *, as_of: date, seed: int = 0) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: win_forecast, win_backtest.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    history = layer.query("opportunity_history")
    return {
        "win_forecast": forecast_table(outlook(history, as_of, teach(history, as_of)), seed=seed),
        "win_backtest": backtest(replay(history, as_of=as_of), as_of=as_of),
    }


def headline(forecast: pl.DataFrame, *, currency: str) -> str:
    """One sentence: how many deals are open, their amount, and what of it is expected."""
    if forecast.is_empty():
        return "No deal is open."
    amount = float(forecast["amount_base"].cast(pl.Float64).sum())
    expected = float(
        forecast.select((pl.col("amount_base").cast(pl.Float64) * pl.col("win_probability")).sum()).item()
    )
    past = forecast.filter(pl.col("expected_close_on") < pl.col("as_of")).height
    told = (
        f"**{len(forecast)}** deals are open, worth {currency} {amount / 1e6:,.1f} million; "
        f"**{currency} {expected / 1e6:,.1f} million** of it is expected to be won."
    )
    return f"{told} {past} are past their expected close." if past else told
