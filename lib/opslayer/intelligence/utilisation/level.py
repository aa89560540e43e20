"""How far a person's utilisation is from the target, told apart from how much four weeks differ anyway.

Two steps of empirical Bayes, each with a prior that the firm's own people teach:

- The noise of four weeks is measured on the person's own history: differences between successive four weeks
  (von Neumann and others 1941, Annals of Mathematical Statistics 12), less what the practice moved by,
  since a season is nobody's noise; and their median, since a change of level is none either (Rousseeuw and
  Croux 1993, Alternatives to the median absolute deviation). It is drawn towards everybody's (Smyth 2004,
  Statistical Applications in Genetics and Molecular Biology 3(1), section 6.2: scaled inverse chi-square
  prior, so that what is left is Student's t).
- The gap to the target is drawn towards everybody's gap, which is also what looking at many people at once
  asks for: most people are near the others, a few are somewhere else altogether (the two groups of Efron
  2008, Microarrays, empirical Bayes and the two-groups model, Statistical Science 23), both groups normal and
  fitted by expectation and maximisation (Dempster, Laird and Rubin 1977).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma, psi
from scipy.stats import beta, chi2, norm

from opslayer.intelligence.utilisation.weeks import WINDOW, Floats, Weeks

PRIOR_PEOPLE = 5  # how many people the assumptions below count for
PRIOR_SPREAD = 0.05  # of the gap to the target between most people
PRIOR_FAR = 0.05  # share of people who are somewhere else
FAR_SPREAD = 0.3  # of their gap
ROUNDS, HALVINGS, WIDE = 50, 60, 8
PRIOR_NOISE = 1.0  # hours: half a day is billable or not as a coin falls, 4 h * 1/4
PRIOR_FREEDOM = 4.0  # what it counts for beside a person's own history
SUCCESSIVE = (
    2 / 3
)  # efficiency of successive differences, which share a term (von Neumann and others, section 6)
STEPS = 400  # of a probability, to take a mean over it
LEAST_HOURS = 8.0  # four weeks with less to work than a day teach nothing
LEAST_FREEDOM = 3.0  # of what everybody's noise is worth: with two or fewer the spread has no end


@dataclass(frozen=True)
class Noise:
    """Variance of utilisation in an hour of availability, by person, and its degrees of freedom.

    Over `a` available hours the variance is `an_hour / a`.
    """

    an_hour: Floats
    freedom: Floats


@dataclass(frozen=True)
class Others:
    """How far people of this firm are from their targets: `centre` and `variance` of most, `far` the share of
    those who are somewhere else (around the same centre, with FAR_SPREAD)."""

    centre: float
    variance: float
    far: float


@dataclass(frozen=True)
class Level:
    """The gap between a person's level and the target, as a mixture of normals: near the others, and far.

    The first axis of each array is the group, the rest are persons (or person by week); nan where there is no
    target or nothing to go by.
    """

    weight: Floats
    centre: Floats
    spread: Floats

    def below(self, margin: float | Floats = 0.0) -> Floats:
        """Probability that the level is more than `margin` below the target."""
        return np.asarray((self.weight * norm.cdf((-margin - self.centre) / self.spread)).sum(axis=0))

    def gap(self, quantile: float) -> Floats:
        """The gap that is not exceeded with this probability, by halving."""
        low = (self.centre - WIDE * self.spread).min(axis=0)
        high = (self.centre + WIDE * self.spread).max(axis=0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_low = self.below(-middle) < quantile
            low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
        return np.asarray((low + high) / 2)


def learn_noise(weeks: Weeks, practice: list[str]) -> Noise:
    """From the four weeks before the judged ones, the four before those, and so on; `practice` by person."""
    blocks = (weeks.available.shape[1] - WINDOW) // WINDOW
    shape = (len(weeks.people), blocks, WINDOW)
    available = weeks.available[:, :-WINDOW].reshape(shape).sum(axis=2)
    billable = weeks.billable[:, :-WINDOW].reshape(shape).sum(axis=2)
    hours = np.where(available >= LEAST_HOURS, available, np.nan)
    moved = _less_shared(np.diff(billable / hours, axis=1), practice)
    squares = moved**2 / (1 / hours[:, 1:] + 1 / hours[:, :-1])
    pairs = (~np.isnan(squares)).sum(axis=1)
    own = np.zeros(len(pairs))
    taught = pairs > 0
    own[taught] = np.nanmedian(squares[taught], axis=1) / chi2.median(1)
    freedom = np.zeros(len(pairs))
    for count in np.unique(pairs[taught]):
        bias, variance = _median_of(int(count))
        own[pairs == count] /= np.exp(bias)
        freedom[pairs == count] = _freedom(variance / SUCCESSIVE)
    common, worth = _common_noise(own, freedom)
    return Noise((worth * common + freedom * own) / (worth + freedom), worth + freedom)


def _median_of(count: int) -> tuple[float, float]:
    """Mean and variance of ln(median of `count` squares of standard normals / median of all such squares).

    The median of `count` uniforms is near Beta((count + 1) / 2, (count + 1) / 2) (David and Nagaraja 2003,
    Order statistics, section 2.1); here it is taken at even steps of its probability.
    """
    half = (count + 1) / 2
    steps = (np.arange(STEPS) + 0.5) / STEPS
    logs = np.log(chi2.ppf(beta.ppf(steps, half, half), 1) / chi2.median(1))
    return float(logs.mean()), float(logs.var())


def _freedom(variance: float, low: float = 0.1, high: float = 1000.0) -> float:
    """Degrees of freedom of a chi-square whose logarithm has this variance, between `low` and `high`."""
    if variance <= polygamma(1, high / 2):
        return high
    if variance >= polygamma(1, low / 2):
        return low
    return float(brentq(lambda freedom: float(polygamma(1, freedom / 2)) - variance, low, high))


def _less_shared(moved: Floats, practice: list[str]) -> Floats:
    """Each person's changes less the median change of the practice, where it has PRIOR_PEOPLE or more."""
    left = moved.copy()
    for name in sorted(set(practice)):
        members = np.array([one == name for one in practice])
        known = (~np.isnan(moved[members])).sum(axis=0) >= PRIOR_PEOPLE
        left[np.ix_(members, known)] -= np.nanmedian(moved[np.ix_(members, known)], axis=0)
    return left


def _common_noise(own: Floats, freedom: Floats) -> tuple[float, float]:
    """Everybody's variance and what it is worth in degrees of freedom, by moments of the logarithm."""
    taught = (own > 0) & (freedom > 0)
    if taught.sum() < PRIOR_PEOPLE:
        return PRIOR_NOISE, PRIOR_FREEDOM
    logs = np.log(own[taught])
    chance = float(polygamma(1, freedom[taught] / 2).mean())
    worth = _freedom(float(np.var(logs, ddof=1)) - chance, LEAST_FREEDOM)
    return float(np.exp(logs.mean() + psi(worth / 2) - np.log(worth / 2))), worth


def learn_others(use: Floats, hours: Floats, target: Floats, noise: Noise) -> Others:
    """From everybody with a target and at least a quarter of the median hours."""
    others = Others(0.0, PRIOR_SPREAD**2, PRIOR_FAR)
    known = ~np.isnan(use - target) & (hours > 0)
    if not known.any():
        return others
    known &= hours >= np.median(hours[known]) / 4
    one = Noise(noise.an_hour[known], noise.freedom[known])
    gap = (use - target)[known]
    for _ in range(ROUNDS):
        level = judge(use[known], hours[known], target[known], one, others)
        near = level.weight[0]
        count = float(near.sum()) + PRIOR_PEOPLE
        squares = near * ((level.centre[0] - others.centre) ** 2 + level.spread[0] ** 2)
        others = Others(
            centre=float((near * level.centre[0]).sum() / count),
            variance=float((squares.sum() + PRIOR_PEOPLE * PRIOR_SPREAD**2) / count),
            far=float(((1 - near).sum() + PRIOR_PEOPLE * PRIOR_FAR) / (len(gap) + PRIOR_PEOPLE)),
        )
    return others


def judge(use: Floats, hours: Floats, target: Floats, noise: Noise, others: Others) -> Level:
    """The level of each person (or person by week, where the first two are matrices).

    `use` is billable over available, `hours` what was available; all in the same shape or by person.
    """
    by_person = (slice(None), *(None,) * (use.ndim - 1))
    wider = noise.freedom / (noise.freedom - 2)  # as wide as the Student's t that the noise leaves
    chance = (noise.an_hour * wider)[by_person] / np.where(hours > 0, hours, np.nan)
    gap = use - target[by_person]
    between = np.array([others.variance, FAR_SPREAD**2]).reshape(2, *(1,) * use.ndim)
    share = np.array([1 - others.far, others.far]).reshape(between.shape)
    own = between / (between + chance)
    likely = np.log(share) + norm.logpdf(gap, others.centre, np.sqrt(between + chance))
    weight = np.exp(likely - likely.max(axis=0))
    return Level(weight / weight.sum(axis=0), own * gap + (1 - own) * others.centre, np.sqrt(own * chance))
