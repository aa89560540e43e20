"""A/B tests on models, prompts, templates and flows: who is in which arm, and keep, stop, or not yet.

One draw for all of them, by a stable hash. A page may be read every day: the intervals hold at every look
(Johari, Koomen, Pekelis and Walsh, KDD 2017). What was known of a subject before it was drawn takes noise
out of its outcome (CUPED: Deng, Xu, Kohavi and Walker, WSDM 2013). Where the arms do not have the sizes they
were drawn with, nothing is claimed (Fabijan et al., KDD 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from opslayer.errors import UsageError
from opslayer.modelops.sequential import Interval, difference
from opslayer.store import fraction

Floats = NDArray[np.float64]
Verdict = Literal["keep", "stop", "not yet"]

STANDING, TRIED = "as they are", "tried"  # the arms of a trial of one thing against what is

MISMATCH = 0.001  # p of the sample ratio below which nothing is claimed
FEWEST = 100  # judged subjects in each arm, below which the normal mixture is not to be trusted


@dataclass(frozen=True)
class Experiment:
    """`arms` gives each arm its share, the control first; `effect` is the least that is worth a change.

    `effect` is in the unit of the outcome, of which more is better.
    """

    name: str
    arms: Mapping[str, float]
    effect: float
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if len(self.arms) < 2 or abs(sum(self.arms.values()) - 1) > 1e-9 or min(self.arms.values()) <= 0:
            raise UsageError(
                f"the shares of experiment {self.name} are {dict(self.arms)}",
                mend="two arms or more, each with a share above 0, that add up to 1",
            )
        if self.effect <= 0:
            raise UsageError(f"experiment {self.name} says no effect worth having", mend="above 0")

    @property
    def control(self) -> str:
        return next(iter(self.arms))


@dataclass(frozen=True)
class Reading:
    """One arm beside the control, at one look."""

    arm: str
    subjects: int
    control_subjects: int
    mean: float | None
    control_mean: float | None
    effect: Interval
    noise_removed: float  # share of the variance that CUPED took out
    sample_ratio_p: float
    verdict: Verdict
    reasons: str


def assign(experiment: Experiment, subject: str) -> str:
    """The arm of a subject: the same each time, and independent of every other experiment."""
    place, upto = fraction("experiment", experiment.name, subject), 0.0
    for arm, share in experiment.arms.items():
        upto += share
        if place < upto:
            return arm
    return arm


def sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """p that arms of these sizes come of these shares: Pearson's chi-square; 1 with nobody in them.

    Where everybody was drawn for one arm there is nothing to be off, and it is 1 too.
    """
    observed = [counts.get(arm, 0) for arm in shares]
    total = sum(observed)
    if not total or min(shares.values()) <= 0:
        return 1.0
    return float(stats.chisquare(observed, [total * share for share in shares.values()]).pvalue)


def cuped(outcome: Floats, before: Floats) -> Floats:
    """Outcomes with what `before` explains taken out; their mean over all arms is unchanged.

    `before` is the same measure, or any other, from before the draw: then an arm cannot have moved it. A
    value that is not known (NaN) counts as the mean.
    """
    known = np.where(np.isnan(before), np.nanmean(before) if not np.isnan(before).all() else 0.0, before)
    spread = float(np.var(known))
    if spread <= 1e-12 or len(outcome) < 3:
        return outcome
    slope = float(np.mean((outcome - outcome.mean()) * (known - known.mean()))) / spread
    adjusted: Floats = outcome - slope * (known - known.mean())
    return adjusted


def read(experiment: Experiment, subjects: pl.DataFrame) -> list[Reading]:
    """One reading an arm but the control. `subjects`: one row a subject with arm, outcome (null: not judged
    yet) and, where it is known, before.

    The alpha is shared between the arms (Bonferroni), so that several challengers are no more likely to be
    kept by chance than one.
    """
    counts = {arm: subjects.filter(pl.col("arm") == arm).height for arm in experiment.arms}
    ratio = sample_ratio(counts, experiment.arms)
    judged = subjects.drop_nulls("outcome")
    raw = judged["outcome"].cast(pl.Float64).to_numpy()
    before = (
        judged["before"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        if "before" in judged.columns
        else np.full(len(raw), np.nan)
    )
    outcome = cuped(raw, before) if len(raw) else raw
    arms = judged["arm"].to_numpy()
    alpha = experiment.alpha / (len(experiment.arms) - 1)
    return [
        _reading(experiment, arm, outcome, raw, arms, ratio, alpha)
        for arm in experiment.arms
        if arm != experiment.control
    ]


def _reading(
    experiment: Experiment,
    arm: str,
    outcome: Floats,
    raw: Floats,
    arms: NDArray[np.str_],
    ratio: float,
    alpha: float,
) -> Reading:
    ours, control = outcome[arms == arm], outcome[arms == experiment.control]
    if min(len(ours), len(control)) >= 2:
        effect = difference(
            (len(ours), len(control)),
            (float(ours.mean()), float(control.mean())),
            (float(ours.var(ddof=1)), float(control.var(ddof=1))),
            scale=experiment.effect,
            alpha=alpha,
        )
    else:
        effect = Interval(0.0, -np.inf, np.inf)
    spread = float(raw.var()) if len(raw) else 0.0
    removed = 1 - float(outcome.var()) / spread if spread > 0 else 0.0
    verdict, why = _verdict(experiment, effect, ratio, min(len(ours), len(control)))
    return Reading(
        arm, len(ours), len(control), float(ours.mean()) if len(ours) else None,
        float(control.mean()) if len(control) else None, effect, removed, ratio, verdict, why,
    )  # fmt: skip


def _verdict(experiment: Experiment, effect: Interval, ratio: float, fewest: int) -> tuple[Verdict, str]:
    if ratio < MISMATCH:
        return "stop", (
            f"The arms do not have the sizes they were drawn with (p = {ratio:.1g}): somebody is missing, "
            "and nothing is claimed until it is known who."
        )
    if fewest < FEWEST:
        return "not yet", f"{fewest} subjects are judged in the smaller arm; {FEWEST} are needed."
    seen = f"{effect.value:+.3g}, between {effect.lower:+.3g} and {effect.upper:+.3g} at every look"
    if effect.lower > 0:
        return "keep", f"It is better: {seen}."
    if effect.upper < 0:
        return "stop", f"It is worse: {seen}."
    if effect.upper < experiment.effect:
        return "stop", f"It is not better by the {experiment.effect:g} that is worth a change: {seen}."
    return "not yet", f"It may be better and it may be nothing: {seen}."
