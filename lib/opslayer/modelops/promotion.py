"""Whether a challenger takes the champion's place: judged on the same rows, by a gain that is not chance.

A paired bootstrap over entities (Efron and Tibshirani 1993, chapter 8): rows of one client or deal come or
stay together, so that a client with many rows does not count as many clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.errors import UsageError
from opslayer.modelops.scores import CERTAIN

Floats = NDArray[np.float64]
SAMPLES = 2_000
FEWEST_ENTITIES = 30  # below which an interval of a bootstrap is not to be trusted


@dataclass(frozen=True)
class Bar:
    """The least a challenger must gain, in the unit of the loss and as a share of the champion's loss."""

    absolute: float = 0.0
    relative: float = 0.01
    confidence: float = 0.95


@dataclass(frozen=True)
class Promotion:
    """Whether the challenger is promoted, why, and the gain (champion's mean loss less challenger's)."""

    promote: bool
    reasons: str
    metric: str
    champion_loss: float
    challenger_loss: float
    gain: float
    lower: float
    upper: float
    relative_gain: float
    rows: int
    entities: int


def log_losses(outcome: Floats, answer: Floats) -> Floats:
    held = np.clip(answer, CERTAIN, 1 - CERTAIN)
    lost: Floats = -(outcome * np.log(held) + (1 - outcome) * np.log1p(-held))
    return lost


def square_losses(outcome: Floats, answer: Floats) -> Floats:
    lost: Floats = (answer - outcome) ** 2
    return lost


def absolute_losses(outcome: Floats, answer: Floats) -> Floats:
    lost: Floats = np.abs(answer - outcome)
    return lost


LOSSES: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "log_loss": log_losses,
    "brier": square_losses,
    "absolute_error": absolute_losses,
}


def row_losses(metric: str, outcome: pl.Series, answer: pl.Series) -> Floats:
    """The loss of each answer, lower is better: one of LOSSES, or "error" (1 where a label is wrong).

    Raises UsageError for another metric, and where an answer is missing.
    """
    if metric == "error":
        return (answer != outcome).fill_null(value=True).cast(pl.Float64).to_numpy()
    if metric not in LOSSES:
        raise UsageError(f"no loss is called {metric!r}", mend=f"one of {', '.join([*LOSSES, 'error'])}")
    if answer.null_count() or outcome.null_count():
        raise UsageError(f"{metric} needs an answer and an outcome in each row", mend="leave the others out")
    return LOSSES[metric](outcome.cast(pl.Float64).to_numpy(), answer.cast(pl.Float64).to_numpy())


def judge(
    rows: pl.DataFrame,
    *,
    metric: str = "log_loss",
    entity: str | None = None,
    bar: Bar | None = None,
    rival: str = "the champion",
    samples: int = SAMPLES,
    seed: int = 0,
) -> Promotion:
    """Champion against challenger on rows with the columns outcome, champion, challenger and `entity`.

    Rows without an outcome, or that one of the two could not answer, are left out of both. Promoted is what
    gains at least the bar's two minima with an interval that excludes zero. `rival` is what words call the
    champion.
    """
    bar = bar or Bar()
    judged = rows.drop_nulls(["outcome", "champion", "challenger"])
    if judged.is_empty():
        nothing = f"No row has an outcome that both have answered for: {rival} stays."
        nan = float("nan")
        return Promotion(False, nothing, metric, nan, nan, nan, nan, nan, nan, 0, 0)
    champion, challenger = (
        row_losses(metric, judged["outcome"], judged[name]) for name in ("champion", "challenger")
    )
    keys = judged[entity] if entity else pl.Series(np.arange(len(judged)))
    blocks = (
        pl.DataFrame({"key": keys, "gain": champion - challenger})
        .group_by("key", maintain_order=True)
        .agg(gain=pl.col("gain").sum(), rows=pl.len())
    )
    gains = _drawn_means(blocks["gain"].to_numpy(), blocks["rows"].cast(pl.Float64).to_numpy(), samples, seed)
    tail = (1 - bar.confidence) / 2
    lower, upper = (float(value) for value in np.quantile(gains, [tail, 1 - tail]))
    before, after = float(champion.mean()), float(challenger.mean())
    gain = before - after
    relative = gain / before if before > 0 else 0.0
    promote, why = _verdict(gain, lower, relative, len(blocks), bar, rival)
    told = (
        f"{metric.replace('_', '-').capitalize()} {after:.4f} against {rival}'s {before:.4f} on the same "
        f"{len(judged):,} rows: a gain of {gain:+.4f} ({relative:+.1%}), between {lower:+.4f} and "
        f"{upper:+.4f} at {bar.confidence:.0%}. {why}"
    )
    return Promotion(
        promote, told, metric, before, after, gain, lower, upper, relative, len(judged), len(blocks)
    )


def _verdict(
    gain: float, lower: float, relative: float, entities: int, bar: Bar, rival: str
) -> tuple[bool, str]:
    if entities < FEWEST_ENTITIES:
        return (
            False,
            f"{entities} are too few to judge by ({FEWEST_ENTITIES} are needed): {rival} stays.",
        )
    if lower <= 0:
        return False, f"It may as well be nothing: {rival} stays."
    if gain < bar.absolute:
        return False, f"Less than the {bar.absolute:g} that is asked for: {rival} stays."
    if relative < bar.relative:
        return False, f"Less than the {bar.relative:.0%} that is asked for: {rival} stays."
    return True, "The challenger is promoted."


def _drawn_means(gain: Floats, rows: Floats, samples: int, seed: int) -> Floats:
    """Mean gain of a row in `samples` draws of as many entities, with replacement."""
    chance = np.random.default_rng(seed)
    places = len(gain)
    drawn = np.empty(samples)
    for sample in range(samples):
        times = np.bincount(chance.integers(0, places, places), minlength=places)
        drawn[sample] = (times @ gain) / (times @ rows)
    return drawn
