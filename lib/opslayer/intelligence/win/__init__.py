"""Which open deals will be won, and when they will be decided: calibrated on how the firm's deals ended."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.win.backtest import RIVAL, backtest, replay, verdict
from opslayer.intelligence.win.forecast import forecast_table
from opslayer.intelligence.win.hazard import WEEKS, WinModel
from opslayer.intelligence.win.history import known_on
from opslayer.intelligence.win.learner import WinChances, WinProbability, stage_weight
from opslayer.intelligence.win.outlook import MODEL, Outlook, outlook, teach
from opslayer.intelligence.win.weights import stage_weights

__all__ = [
    "MODEL",
    "RIVAL",
    "WEEKS",
    "Outlook",
    "WinChances",
    "WinModel",
    "WinProbability",
    "answered",
    "backtest",
    "coming",
    "forecast_table",
    "headline",
    "known_on",
    "outlook",
    "replay",
    "run",
    "stage_weight",
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


def coming(history: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Of the query win_history, the deals that are open today: what win_probability is asked about."""
    return history.filter(pl.col("label").is_null() & (pl.col("decided_at") == as_of))


def answered(forecast: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The table win_forecast, with what a promoted version says of each deal (answers of win_probability).

    Where none has been promoted, what was taught on the day stands: it has no rival to be worse than but
    stage weights, and stands beside them in the backtest.
    """
    heard = answers.filter(~pl.col("is_fallback")).select(
        "subject", "answer", "decided_in_days", said="reasons", by="model", of="model_version"
    )
    rows = forecast.join(
        heard, left_on="opportunity_id", right_on="subject", how="left", maintain_order="left"
    )
    told = pl.col("answer").is_not_null()
    chance = pl.coalesce("answer", "win_probability")
    dated = {
        name: pl.when(told)
        .then(pl.col("as_of") + pl.duration(days=pl.col("decided_in_days").list.get(place)))
        .otherwise(name)
        for place, name in enumerate(("close_earliest", "close_on", "close_latest"))
    }
    return (
        rows.with_columns(
            win_lower=pl.min_horizontal("win_lower", chance),
            win_upper=pl.max_horizontal("win_upper", chance),
            win_probability=chance,
            **dated,
            is_fallback=pl.col("is_fallback") & ~told,
            reasons=pl.coalesce("said", "reasons"),
            model=pl.coalesce("by", "model"),
            model_version=pl.coalesce("of", "model_version"),
        )
        .select(forecast.columns)
        .cast(forecast.schema)
        .sort(
            pl.col("win_probability") * pl.col("amount_base").cast(pl.Float64),
            "opportunity_id",
            descending=[True, False],
            nulls_last=True,
        )
    )


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
