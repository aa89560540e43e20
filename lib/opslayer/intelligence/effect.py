"""Does a rule have an effect? Those it acted on beside those it left alone, by the draw that parted them.

Everybody counts in the arm that was drawn, whether a message left or not (intention to treat), once, and on
what became of the subject by the end of the same number of days. So a message that came back or was undone
leaves its subject in the treatment arm: who is reached is not drawn by chance (a client whose address fails
may be one that fails to pay), and without them the arms would differ in more than the rule. Money is claimed
only for who was reached: the effect per subject of the whole arm, which those not reached make smaller, times
the number who were.

An effect is claimed only where the arms have the sizes they were drawn with, the interval leaves zero out,
and the difference is one that so many can show. The interval is for one look: who looks every day and stops
at the first good one deceives himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import asin, ceil, pi, sin, sqrt

import numpy as np
import polars as pl
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_effectsize
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from opslayer.modelops.experiments import MISMATCH, sample_ratio

NEXT_TO_NONE = 0.01  # Cohen's h of half a point, about: more clients than any firm has would be needed
ARMS = ("treatment", "control")
SUBJECTS = {
    "rule": pl.String,
    "arm": pl.String,
    "share": pl.Float64,
    "is_reached": pl.Boolean,
    "is_settled": pl.Boolean,
    "settled_days": pl.Float64,
    "settled_amount": pl.Float64,
}
EFFECT = {
    "rule": pl.String,
    "treated": pl.Int64,
    "reached": pl.Int64,
    "left_alone": pl.Int64,
    "left_alone_expected": pl.Float64,
    "sample_ratio_p": pl.Float64,
    "treated_judged": pl.Int64,
    "left_alone_judged": pl.Int64,
    "share_treated": pl.Float64,
    "share_left_alone": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "share_detectable": pl.Float64,
    "subjects_needed": pl.Int64,
    "days_difference": pl.Float64,
    "days_lower": pl.Float64,
    "days_upper": pl.Float64,
    "amount_difference": pl.Float64,
    "amount_lower": pl.Float64,
    "amount_upper": pl.Float64,
    "supported_amount": pl.Float64,
    "verdict": pl.String,
    "reasons": pl.String,
}


@dataclass(frozen=True)
class Interval:
    """A difference, treatment less control, and its confidence interval; None where there is too little."""

    difference: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def leaves_zero_out(self) -> bool:
        return self.lower is not None and self.upper is not None and (self.lower > 0 or self.upper < 0)


def estimate(subjects: pl.DataFrame, *, confidence: float = 0.95, power: float = 0.8) -> pl.DataFrame:
    """The effect of each rule: one row a rule, by name, with the columns of EFFECT.

    `subjects` has one row a subject that was drawn: rule, arm ("treatment", "control"), share (of the
    control arm, when it was drawn), is_reached (something left for it, and neither came back nor was undone),
    is_settled (null: not judged yet), settled_days and settled_amount (base
    currency; null where they are not followed). Shares and their differences are from 0 to 1; days and
    amounts are per subject. `supported_amount` is what the lower end of its interval stands for, over all in
    the treatment arm who were judged and reached; never more.
    """
    given = subjects.select(pl.col(name).cast(kind) for name, kind in SUBJECTS.items())
    rows = [_effect(str(rule[0]), group, confidence, power) for rule, group in _by_rule(given)]
    return pl.DataFrame(rows, schema=EFFECT, orient="row")


def _by_rule(subjects: pl.DataFrame) -> Iterator[tuple[tuple[object, ...], pl.DataFrame]]:
    yield from subjects.sort("rule").group_by("rule", maintain_order=True)


def _effect(rule: str, subjects: pl.DataFrame, confidence: float, power: float) -> dict[str, object]:
    judged = subjects.filter(pl.col("is_settled").is_not_null())
    treated, control = (judged.filter(pl.col("arm") == arm) for arm in ARMS)
    sizes = (treated.height, control.height)
    counts = (int(treated["is_settled"].sum()), int(control["is_settled"].sum()))
    shares = difference_of_shares(counts, sizes, confidence)
    days, money = (
        difference_of_means(
            treated[name].drop_nulls().to_numpy(), control[name].drop_nulls().to_numpy(), confidence
        )
        for name in ("settled_days", "settled_amount")
    )
    detectable = detectable_difference(counts, sizes, confidence, power)
    ratio = min(sizes_as_drawn(subjects), sizes_as_drawn(judged))
    verdict = _verdict(shares, detectable, ratio)
    reached = int(treated["is_reached"].sum())
    supported = max(money.lower or 0.0, 0.0) * reached if verdict == "proven" else 0.0
    return {
        "rule": rule,
        "treated": subjects.filter(pl.col("arm") == "treatment").height,
        "reached": subjects.filter(pl.col("is_reached"), arm="treatment").height,
        "left_alone": subjects.filter(pl.col("arm") == "control").height,
        "left_alone_expected": float(subjects["share"].sum()),
        "sample_ratio_p": ratio,
        "treated_judged": sizes[0],
        "left_alone_judged": sizes[1],
        "share_treated": counts[0] / sizes[0] if sizes[0] else None,
        "share_left_alone": counts[1] / sizes[1] if sizes[1] else None,
        **asdict(shares),
        "share_detectable": detectable,
        "subjects_needed": subjects_needed(counts, sizes, confidence, power),
        **{f"days_{name}": value for name, value in asdict(days).items()},
        **{f"amount_{name}": value for name, value in asdict(money).items()},
        "supported_amount": supported,
        "verdict": verdict,
        "reasons": _reasons(verdict, shares, detectable, ratio, sizes, power),
    }


def difference_of_shares(counts: tuple[int, int], sizes: tuple[int, int], confidence: float) -> Interval:
    """The difference of two shares with Newcombe's hybrid score interval, which holds in small arms too.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    if not all(sizes):
        return Interval()
    lower, upper = confint_proportions_2indep(
        counts[0], sizes[0], counts[1], sizes[1], method="newcomb", compare="diff", alpha=1 - confidence
    )
    return Interval(counts[0] / sizes[0] - counts[1] / sizes[1], float(lower), float(upper))


def difference_of_means(treated: np.ndarray, control: np.ndarray, confidence: float) -> Interval:
    """The difference of two means with Welch's interval: the arms need not vary alike.

    Welch, Biometrika 34 (1947) 28-35.
    """
    if min(treated.size, control.size) < 2 or not (np.ptp(treated) or np.ptp(control)):
        return Interval()
    arms = CompareMeans(DescrStatsW(treated), DescrStatsW(control))
    lower, upper = arms.tconfint_diff(alpha=1 - confidence, usevar="unequal")
    return Interval(float(treated.mean() - control.mean()), float(lower), float(upper))


def sizes_as_drawn(subjects: pl.DataFrame) -> float:
    """p that arms of these sizes come of the shares they were drawn with: `experiments.sample_ratio`."""
    if subjects.is_empty():
        return 1.0
    left_alone = subjects.filter(pl.col("arm") == "control").height
    share = float(subjects["share"].sum()) / subjects.height
    counts = {"treatment": subjects.height - left_alone, "control": left_alone}
    return sample_ratio(counts, {"treatment": 1 - share, "control": share})


def detectable_difference(
    counts: tuple[int, int], sizes: tuple[int, int], confidence: float, power: float
) -> float | None:
    """The least difference that arms of these sizes show with `power`.

    Up from the control arm's share, or down where less was seen; by the arcsine transformation (Cohen 1988,
    chapter 6). None where no difference is large enough.
    """
    if not all(sizes):
        return None
    base = counts[1] / sizes[1]
    apart = _quantiles(confidence, power) * sqrt(1 / sizes[0] + 1 / sizes[1])
    sign = 1 if counts[0] / sizes[0] >= base else -1
    angle = asin(sqrt(base)) + sign * apart / 2
    return abs(sin(angle) ** 2 - base) if 0 <= angle <= pi / 2 else None


def subjects_needed(
    counts: tuple[int, int], sizes: tuple[int, int], confidence: float, power: float
) -> int | None:
    """How many must be judged, in both arms and parted as now, to show the difference seen so far.

    The same formula, solved for the sizes. None where next to no difference was seen.
    """
    if not all(sizes):
        return None
    apart = abs(float(proportion_effectsize(counts[0] / sizes[0], counts[1] / sizes[1])))
    if apart < NEXT_TO_NONE:
        return None
    treated = (_quantiles(confidence, power) / apart) ** 2 * (1 + sizes[0] / sizes[1])
    return ceil(treated * (1 + sizes[1] / sizes[0]))


def _quantiles(confidence: float, power: float) -> float:
    """Of the normal distribution, for a test of both sides and its power."""
    return float(stats.norm.ppf((1 + confidence) / 2) + stats.norm.ppf(power))


def _verdict(shares: Interval, detectable: float | None, ratio: float) -> str:
    if ratio < MISMATCH:
        return "stopped"
    if not shares.leaves_zero_out or detectable is None or abs(shares.difference or 0) < detectable:
        return "unproven"
    return "proven" if (shares.difference or 0) > 0 else "harmful"


def _reasons(
    verdict: str,
    shares: Interval,
    detectable: float | None,
    ratio: float,
    sizes: tuple[int, int],
    power: float,
) -> str:
    if verdict == "stopped":
        return (
            f"The arms do not have the sizes they were drawn with (p = {ratio:.1g}): somebody is missing, "
            "and nothing is claimed until it is known who."
        )
    if not all(sizes):
        return "Nobody has been judged yet in one of the arms."
    seen = f"{shares.difference:+.1%} of subjects, between {shares.lower:+.1%} and {shares.upper:+.1%}"
    if verdict != "unproven":
        return f"{seen}: {'more' if verdict == 'proven' else 'fewer'} are settled where it acts."
    if not shares.leaves_zero_out:
        return f"{seen}: it may as well be nothing."
    least = f"of {detectable:.1%} or more" if detectable is not None else "at all"
    return f"{seen}: {sum(sizes):,} subjects show a difference {least} with {power:.0%} power."
