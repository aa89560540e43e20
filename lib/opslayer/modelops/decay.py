"""Whether a model has become worse than it was when it was promoted, by outcomes; and what is to be
expected before they arrive.

Outcomes come late: a row counts once its time has passed, whatever came of it. Counting those that came
early would make any model look worse or better than it is. The test may be run after each row, for ever: on
data that have not changed it fires with a chance of alpha at most over its whole life, so that retraining
is not fired by noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.errors import UsageError
from opslayer.modelops.sequential import lower_bound, restarted, upper_bound

Floats = NDArray[np.float64]

ALPHA = 0.05
EVERY = 100  # rows after which a bettor begins anew: how soon after a change it is seen
FEWEST = 100  # judged rows at promotion, below which there is nothing to compare with
REFERENCE_SHARE = 0.2  # of alpha, spent on not knowing how good the model was


@dataclass(frozen=True)
class Decay:
    """Whether performance has decayed, since which row of the stream it is proven, on what evidence, and in
    words.

    `evidence` is a fortune made against "nothing has changed"; at `needed` that is disproved.
    """

    fires: bool
    at_row: int | None
    evidence: float
    needed: float
    reference_loss: float
    recent_loss: float
    rows: int
    reasons: str


def matured(rows: pl.DataFrame, *, as_of: date, delay_days: int, decided_on: str = "as_of") -> pl.DataFrame:
    """Rows decided at least `delay_days` before `as_of`, oldest first: by then their outcome has come or
    never will.

    `decided_on` is a column of days.
    """
    return rows.filter(pl.col(decided_on) <= as_of - timedelta(days=delay_days)).sort(
        decided_on, maintain_order=True
    )


def expected_scores(probability: Floats) -> dict[str, float]:
    """What brier, log_loss and auc come to if the probabilities hold: an estimate before any outcome has
    come.

    Confidence-based performance estimation (Białek, Kuberski, Perrakis and Bifet, "Estimating model
    performance under covariate shift without labels", 2024). It sees that cases have become harder; it is
    blind where the probabilities themselves no longer hold, which only outcomes can show. auc is NaN where
    all are 0 or all are 1.
    """
    held = np.clip(probability, 1e-9, 1 - 1e-9)
    order = np.argsort(held, kind="stable")
    yes, no = held[order], 1 - held[order]
    ahead = np.concatenate([[0.0], np.cumsum(no)[:-1]])  # expected rows without the outcome that score lower
    values, first, counts = np.unique(yes, return_index=True, return_counts=True)
    tied = counts * values * counts * (1 - values) / 2
    ranked = float((values * counts * ahead[first]).sum() + tied.sum())
    pairs = float(yes.sum() * no.sum())
    return {
        "brier": float(np.mean(held * (1 - held))),
        "log_loss": float(-np.mean(held * np.log(held) + (1 - held) * np.log1p(-held))),
        "auc": ranked / pairs if pairs > 1e-6 else float("nan"),
    }


def watch_probabilities(
    reference: pl.DataFrame, stream: pl.DataFrame, *, alpha: float = ALPHA, tolerance: float = 0.005
) -> Decay:
    """Whether probabilities have decayed: a larger Brier loss, or outcomes that come more or less often
    than told.

    Both frames have outcome (Boolean) and answer; `reference` holds rows judged at promotion that did not
    teach the model, `stream` the matured rows since, oldest first. `tolerance` is the loss that is not
    worth a retraining. Raises UsageError where an answer lies outside 0 to 1.
    """
    known, since = (_judged(rows) for rows in (reference, stream))
    residual = [(outcome - answer + 1) / 2 for outcome, answer in (known, since)]  # 0.5: as often as told
    loss = [(outcome - answer) ** 2 for outcome, answer in (known, since)]
    watched = [(loss[0], loss[1]), (residual[0], residual[1]), (1 - residual[0], 1 - residual[1])]
    return _watch(watched, (loss[0], loss[1]), alpha, tolerance, "Brier score")


def watch_losses(
    reference: Floats, stream: Floats, *, largest: float = 1.0, alpha: float = ALPHA, tolerance: float = 0.005
) -> Decay:
    """The same for losses of any kind between 0 and `largest`, whose unit they have; larger ones count as
    that.
    """
    held = [np.clip(losses / largest, 0.0, 1.0) for losses in (reference, stream)]
    return _watch([(held[0], held[1])], (reference, stream), alpha, tolerance / largest, "loss")


def _judged(rows: pl.DataFrame) -> tuple[Floats, Floats]:
    judged = rows.drop_nulls(["outcome", "answer"])
    answer = judged["answer"].cast(pl.Float64).to_numpy()
    if len(answer) and not (answer.min() >= 0 and answer.max() <= 1):
        raise UsageError("an answer lies outside 0 to 1", mend="watch_losses takes what is no probability")
    return judged["outcome"].cast(pl.Float64).to_numpy(), answer


def _watch(
    watched: list[tuple[Floats, Floats]],
    told: tuple[Floats, Floats],
    alpha: float,
    tolerance: float,
    word: str,
) -> Decay:
    known, since = told
    before = float(known.mean()) if len(known) else float("nan")
    recent = float(since[-FEWEST:].mean()) if len(since) else float("nan")
    needed = 1 / (alpha * (1 - REFERENCE_SHARE))
    if len(known) < FEWEST:
        words = f"{len(known)} judged rows at promotion are too few to compare with ({FEWEST} are needed)."
        return Decay(False, None, 1.0, needed, before, recent, len(since), words)
    if not len(since):
        words = f"No outcome of its answers is known yet; its {word} was {before:.4f} when it was judged."
        return Decay(False, None, 1.0, needed, before, recent, 0, words)
    # each reference mean is held at what it exceeds with a chance of a share of alpha only
    share = alpha * REFERENCE_SHARE / len(watched)
    bound = [min(upper_bound(reference, share) + tolerance, 1 - 1e-6) for reference, _ in watched]
    evidence = np.mean(
        [restarted(stream, limit, EVERY) for (_, stream), limit in zip(watched, bound, strict=True)], axis=0
    )
    over = np.flatnonzero(evidence >= needed)
    strongest = float(evidence.max()) if len(evidence) else 1.0
    if not len(over):
        words = (
            f"No decay is proven in {len(since):,} rows whose outcome is known: {word} {recent:.4f} in the "
            f"last {min(len(since), FEWEST)} against {before:.4f} at promotion."
        )
        return Decay(False, None, strongest, needed, before, recent, len(since), words)
    at = int(over[0])
    words = (
        f"Decayed: after {at + 1:,} rows the odds against chance passed {needed:.0f} to 1; {word} "
        f"{recent:.4f} in the last {min(len(since), FEWEST)} against {before:.4f} at promotion."
    )
    return Decay(True, at, strongest, needed, before, recent, len(since), words)


def reference_interval(losses: Floats, alpha: float = ALPHA) -> tuple[float, float]:
    """Of the mean of losses in [0, 1], valid at every look."""
    return lower_bound(losses, alpha / 2), upper_bound(losses, alpha / 2)
