"""How right the win model has been, beside stage weights, at past days with what was known then.

Rolling origin (Tashman, Int. J. Forecasting 16, 2000): at each, both are taught by deals that had closed by
then, and judged on how the deals that were open have ended. Those still open are left out: nobody knows yet.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence.tables import typed
from opslayer.intelligence.win.history import closed_by
from opslayer.intelligence.win.outlook import MODEL, VERSION, Booleans, Floats, outlook, teach
from opslayer.modelops.scores import auc, brier, log_loss

RIVAL = "stage weights"
ORIGINS = 13
STEP_WEEKS = 4
WAIT_WEEKS = 26  # from an origin to as_of, so that most of its deals have ended
FEWEST = 30
BUCKETS = 10
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "model": pl.String(),
        "metric": pl.String(),
        "bucket": pl.Int32(),
        "value": pl.Float64(),
        "deals": pl.Int64(),
        "model_version": pl.String(),
    }
)
REPLAYED = pl.Schema(
    {
        "origin": pl.Date(),
        "opportunity_id": pl.String(),
        "won": pl.Boolean(),
        "probability": pl.Float64(),
        "stage_weight": pl.Float64(),
        "close_weeks": pl.Float64(),
        "close_earliest": pl.Int64(),
        "close_middle": pl.Int64(),
        "close_latest": pl.Int64(),
    }
)


def replay(history: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row an origin and deal open then that has ended since (columns of REPLAYED).

    Weeks count from the origin. Origins at which history was too small for the model are left out.
    """
    ended = closed_by(history, as_of)
    parts = [pl.DataFrame(schema=REPLAYED)]
    for step in range(ORIGINS):
        origin = as_of - timedelta(weeks=WAIT_WEEKS + STEP_WEEKS * step)
        model = teach(history, origin)
        if model is None:
            continue
        ahead = outlook(history, origin, model)
        rows = ahead.deals.select("opportunity_id", "stage_weight").with_columns(
            origin=pl.lit(origin),
            probability=pl.Series(ahead.probability),
            close_earliest=pl.Series(ahead.close_week(0.1)),
            close_middle=pl.Series(ahead.close_week(0.5)),
            close_latest=pl.Series(ahead.close_week(0.9)),
            by_weights=pl.Series(ahead.by_weights),
        )
        rows = rows.filter(~pl.col("by_weights")).join(ended, on="opportunity_id", maintain_order="left")
        rows = rows.with_columns(
            won=pl.col("outcome") == "won",
            close_weeks=((pl.col("closed_on") - origin).dt.total_days() / 7).ceil().clip(1),
        )
        parts.append(typed(rows, REPLAYED))
    return pl.concat(parts)


def backtest(replayed: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row a model, metric and bucket (columns of intelligence.win_backtest); none with too few deals.

    `bucket` is 0 for a metric over all deals. `forecast_share` and `won_share` are the calibration by tenth
    of the chance, 1 to 10. brier, log_loss: lower is better; auc: higher; close_coverage: share of
    closes within the interval of 80 %; close_weeks_off: mean of how many weeks the middle was off.
    """
    won = replayed["won"].to_numpy()
    if len(won) < FEWEST or won.all() or not won.any():
        return pl.DataFrame(schema=SCHEMA)
    rows: list[tuple[str, str, int, float, int]] = []
    for name, column in ((MODEL, "probability"), (RIVAL, "stage_weight")):
        probability = replayed[column].to_numpy()
        measured = {"brier": brier, "log_loss": log_loss, "auc": auc}
        rows += [(name, metric, 0, score(won, probability), len(won)) for metric, score in measured.items()]
        rows += _calibration(name, won, probability)
    inside = replayed.select(pl.col("close_weeks").is_between("close_earliest", "close_latest").mean()).item()
    off = replayed.select((pl.col("close_weeks") - pl.col("close_middle")).abs().mean()).item()
    rows += [(MODEL, "close_coverage", 0, inside, len(won)), (MODEL, "close_weeks_off", 0, off, len(won))]
    frame = pl.DataFrame(rows, schema=["model", "metric", "bucket", "value", "deals"], orient="row")
    return typed(frame.with_columns(as_of=pl.lit(as_of), model_version=pl.lit(VERSION)), SCHEMA)


def verdict(measured: pl.DataFrame) -> str:
    """One sentence: how the model did against stage weights; empty history is said."""
    if measured.is_empty():
        return "Too few deals have closed to test the model; its chances have no record yet."
    value = {
        (row["model"], row["metric"]): row["value"] for row in measured.filter(bucket=0).iter_rows(named=True)
    }
    better = [m for m in ("brier", "log_loss") if value[MODEL, m] < value[RIVAL, m]]
    judgement = {
        2: "The model has been better than stage weights",
        1: "The model has been better than stage weights in one of two scores only",
        0: "The model has NOT been better than stage weights; read its chances with that in mind",
    }[len(better)]
    deals = measured.filter(bucket=0)["deals"][0]
    return (
        f"{judgement}: Brier score {value[MODEL, 'brier']:.3f} against {value[RIVAL, 'brier']:.3f}, log-loss "
        f"{value[MODEL, 'log_loss']:.3f} against {value[RIVAL, 'log_loss']:.3f} (lower is better). Of "
        f"two deals, one won and one lost, the first had the higher chance in {value[MODEL, 'auc']:.0%} of "
        f"cases, against {value[RIVAL, 'auc']:.0%}; {value[MODEL, 'close_coverage']:.0%} "
        f"of the deals were decided within its 80% interval ({deals:,} forecasts of open deals at past days)."
    )


def _calibration(name: str, won: Booleans, probability: Floats) -> list[tuple[str, str, int, float, int]]:
    bucket = np.minimum((probability * BUCKETS).astype(np.int64), BUCKETS - 1)
    rows = []
    for number in np.unique(bucket):
        inside = bucket == number
        count = int(inside.sum())
        rows.append((name, "forecast_share", int(number) + 1, float(probability[inside].mean()), count))
        rows.append((name, "won_share", int(number) + 1, float(won[inside].mean()), count))
    return rows
