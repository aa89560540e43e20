"""Stage weights: of the deals that had been in a stage and closed, the share that was won.

What most firms multiply their pipeline by; the model's rival, and what answers where history is too small.
Shrunk towards the firm's share (empirical Bayes, a prior of PRIOR deals; Efron and Morris, JASA 70, 1975).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.win.history import closed_by

Floats = NDArray[np.float64]

PRIOR = 10.0
PRIOR_SHARE = 0.5  # of a firm that has not closed anything yet
PRIOR_DAYS = 60.0  # from any day in a stage to the close, until the firm has its own


def stage_weights(history: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row a stage: deals that closed by `day` and had been in it, won among them, and the shrunk weight.

    A row with a null stage answers for stages never seen; days is the mean from entering it to the close.
    """
    closed = closed_by(history, day).filter(pl.col("outcome").is_in(["won", "lost"]))
    won = pl.col("outcome") == "won"
    share = (int(closed.select(won.sum()).item() or 0) + PRIOR_SHARE * PRIOR) / (len(closed) + PRIOR)
    seen = (
        history.select("opportunity_id", "stage", "stage_entered_on")
        .join(closed, on="opportunity_id")
        .group_by("stage", "opportunity_id")
        .agg(pl.col("outcome", "closed_on").first(), pl.col("stage_entered_on").min())
        .with_columns(days=(pl.col("closed_on") - pl.col("stage_entered_on")).dt.total_days())
    )
    mean_days = (float(seen["days"].sum()) + PRIOR * PRIOR_DAYS) / (len(seen) + PRIOR)
    by_stage = (
        seen.group_by("stage")
        .agg(deals=pl.len().cast(pl.Int64), won=won.sum().cast(pl.Int64), days=pl.col("days").sum())
        .sort("stage")
        .select(
            "stage", "deals", "won",
            weight=(pl.col("won") + PRIOR * share) / (pl.col("deals") + PRIOR),
            days=(pl.col("days") + PRIOR * mean_days) / (pl.col("deals") + PRIOR),
        )
    )  # fmt: skip
    rest = pl.DataFrame([(None, 0, 0, share, mean_days)], schema=by_stage.schema, orient="row")
    return pl.concat([by_stage, rest])


def weigh(deals: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """`deals` with stage_weight, and stage_days to the close; stages never seen get the firm's share."""
    rest = weights.filter(pl.col("stage").is_null())
    return deals.join(
        weights.select("stage", stage_weight="weight", stage_days="days"),
        on="stage",
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.col("stage_weight").fill_null(rest["weight"][0]), pl.col("stage_days").fill_null(rest["days"][0])
    )


def weekly_wins(probability: Floats, days: Floats, weeks: int) -> tuple[Floats, Floats]:
    """Chance of being won, and of being lost, in each of `weeks`: closes come at a constant rate.

    Shape (deals, weeks) each. The rate is one over the mean days to a close; later ones count in the last.
    """
    edges = np.arange(weeks + 1) * 7.0
    cumulative = 1.0 - np.exp(-edges[None, :] / np.maximum(days, 1.0)[:, None])
    cumulative[:, -1] = 1.0
    share = np.diff(cumulative, axis=1)
    return probability[:, None] * share, (1.0 - probability)[:, None] * share
