"""How a served version stands today: what it is given, what it answers, how right it should be, and was.

Inputs and scores are compared with the rows that judged the version, by `drift`. How right it should be is
estimated before outcomes come, by confidence (Białek, Kuberski, Perrakis and Bifet, "Estimating model
performance under covariate shift without labels", 2024): its probabilities, put right on the rows that judged
it, say what it will lose on the rows that came since. Only outcomes show that the probabilities themselves no
longer hold; they come late, and how late is said. Nothing but decay of outcomes has a model taught anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import sqrt
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from opslayer.modelops.capture import Judged
from opslayer.modelops.decay import Decay
from opslayer.modelops.drift import FEWEST, find_drift
from opslayer.modelops.promotion import LOSSES

Floats = NDArray[np.float64]

LEVELS = 100  # of a text, above which it is no input of few kinds but words, whose drift is not looked at
PARTED = 3.0  # standard errors from which an expected loss has moved (as NannyML has it)
SHOWN = 1.96  # standard errors of the interval that is shown
HELD = 1e-3
SCORE = "the score"
DRIFT = pl.Schema(
    {
        "as_of": pl.Date(),
        "capability": pl.String(),
        "aspect": pl.String(),
        "name": pl.String(),
        "test": pl.String(),
        "statistic": pl.Float64(),
        "was": pl.Float64(),
        "lower": pl.Float64(),
        "upper": pl.Float64(),
        "p_value": pl.Float64(),
        "rows_before": pl.Int64(),
        "rows_now": pl.Int64(),
        "is_drifted": pl.Boolean(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def of_few_kinds(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Of the inputs `names`, numbers, truth values and texts of few levels: what drift can be told of.

    Free text is left out: it would be kept beside the model, with the names in it.
    """
    return [
        name
        for name in names
        if rows[name].dtype.is_numeric()
        or rows[name].dtype == pl.Boolean
        or (rows[name].dtype == pl.String and rows[name].n_unique() <= LEVELS)
    ]


def moved(reference: pl.DataFrame, current: pl.DataFrame) -> list[dict[str, Any]]:
    """One row an input, and one for the score (`answer`): whether it is still as it was.

    `reference` are the rows that judged the version, `current` those decided since, both with its answers.
    Too few of either say nothing, in a row of its own.
    """
    shared = [name for name in reference.columns if name in current.columns]
    names = [name for name in shared if name not in ("outcome", "decided_at", "subject")]
    sizes = {"rows_before": reference.height, "rows_now": current.height}
    if min(reference.height, current.height) < FEWEST:
        told = f"{current.height} rows came since those that judged it; {FEWEST} are needed to say anything."
        return [_row("input", "all", **sizes, reasons=told)]
    words = {name: SCORE if name == "answer" else name.replace("_", " ") for name in names}
    found = find_drift(reference.rename(words), current.rename(words), columns=list(words.values()))
    return [
        _row(
            "score" if one["column"] == SCORE else "input",
            one["column"],
            test=one["test"],
            statistic=one["psi"],
            p_value=one["p_corrected"],
            is_drifted=one["is_drifted"],
            reasons=one["reasons"][:1].upper() + one["reasons"][1:],
            **sizes,
        )
        for one in found.iter_rows(named=True)
    ]


def expected(reference: pl.DataFrame, current: pl.DataFrame, *, metric: str) -> dict[str, Any] | None:
    """How right answers on `current` should be before any outcome has come; None with too few rows.

    Both frames have `answer`, the reference its `outcome` too; `metric` is brier or log_loss. `was` is the
    loss on the reference, `statistic` the loss to be expected, with an interval of 95 %.
    """
    if min(reference.height, current.height) < FEWEST or reference["outcome"].n_unique() < 2:
        return None
    outcome, before, now = (
        part.cast(pl.Float64).to_numpy()
        for part in (reference["outcome"], reference["answer"], current["answer"])
    )
    losses = LOSSES[metric](outcome, before)
    chance = recalibrated(outcome, before, now)
    ones, zeros = np.ones(len(now)), np.zeros(len(now))
    should = chance * LOSSES[metric](ones, now) + (1 - chance) * LOSSES[metric](zeros, now)
    was, loss = float(losses.mean()), float(should.mean())
    spread = float(losses.std(ddof=1))
    apart = spread * sqrt(1 / len(losses) + 1 / len(now))
    half = SHOWN * spread / sqrt(len(now))
    worse = loss - was > PARTED * apart
    word = metric.replace("_", "-")
    return _row(
        "expected",
        word,
        test="CBPE",
        statistic=loss,
        was=was,
        lower=loss - half,
        upper=loss + half,
        rows_before=len(losses),
        rows_now=len(now),
        is_drifted=worse,
        reasons=(
            f"On the {len(now):,} rows that came since, {word} should be {loss:.3f} (between "
            f"{loss - half:.3f} and {loss + half:.3f}); it was {was:.3f} when it was judged. "
            + ("They are harder than those were." if worse else "They are no harder than those were.")
        ),
    )


def came(decay: Decay | None, judged: Sequence[Judged], *, delay_days: int) -> dict[str, Any]:
    """How right the version was where the outcome is known, and how long an outcome takes to be known."""
    told = f"An outcome is waited for {delay_days:,} days." if delay_days else ""
    if judged:
        waited = median((one.known_on - one.as_of).days for one in judged)
        told = f"{told} Half of those that came were known within {waited:,.0f} days.".strip()
    if decay is None or not decay.rows:
        return _row(
            "outcomes",
            "Brier score",
            rows_now=0,
            reasons=f"No outcome of its answers is known yet. {told}".strip(),
        )
    return _row(
        "outcomes",
        "Brier score",
        test="betting",
        statistic=decay.recent_loss,
        was=decay.reference_loss,
        p_value=min(1.0, 1 / max(decay.evidence, 1.0)),
        rows_now=decay.rows,
        is_drifted=decay.fires,
        reasons=f"{decay.reasons} {told}".strip(),
    )


def recalibrated(outcome: Floats, before: Floats, now: Floats) -> Floats:
    """The chances behind answers `now`, if answers mean what they meant on rows whose outcome is known.

    A logistic curve over their log-odds (Platt 1999).
    """
    curve = LogisticRegression(C=1e6).fit(_odds(before), outcome > 0)
    chance: Floats = curve.predict_proba(_odds(now))[:, 1]
    return chance


def table(
    capability: str, rows: Sequence[dict[str, Any]], *, as_of: date, model: str, version: str
) -> pl.DataFrame:
    """The rows of one capability as the table intelligence.model_drift has them."""
    frame = pl.DataFrame(list(rows), schema={name: kind for name, kind in DRIFT.items() if name in MEASURED})
    return frame.with_columns(
        as_of=pl.lit(as_of),
        capability=pl.lit(capability),
        model=pl.lit(model),
        model_version=pl.lit(version),
    ).select(DRIFT.names())


MEASURED = tuple(
    name for name in DRIFT.names() if name not in ("as_of", "capability", "model", "model_version")
)


def _odds(answer: Floats) -> Floats:
    odds: Floats = logit(np.clip(answer, HELD, 1 - HELD)).reshape(-1, 1)
    return odds


def _row(aspect: str, name: str, **measured: Any) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(MEASURED)
    return {**empty, "test": "none", "is_drifted": False, **measured, "aspect": aspect, "name": name}
