"""Tests that may be looked at after every row: their error holds at all times at once, so peeking is paid
for.

Bounded values by betting (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting", J. Royal Statistical Society B 86, 2024): whoever claims that the mean is at most m would give
fair odds on each value, and by Ville's inequality a fortune of 1 / alpha is made against a true claim with
a chance of alpha at most, ever. Differences of means by the normal mixture (Robbins 1970; Johari, Koomen,
Pekelis and Walsh, "Peeking at A/B tests", KDD 2017; with estimated variances: Waudby-Smith et al., Annals
of Statistics 52, 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]

HALF = 0.5  # of the largest bet that cannot ruin: a fortune never falls to zero on one value


@dataclass(frozen=True)
class Interval:
    """Of a mean or a difference, valid however often it was looked at."""

    value: float
    lower: float
    upper: float


def log_fortune(values: Floats, mean: float) -> Floats:
    """Logarithm of the fortune made, after each value, by betting that values in [0, 1] average above `mean`.

    Each bet knows the values before it only (the approximate growth-rate-adaptive bet, section B.3 of the
    paper).
    """
    counts = np.arange(len(values))
    before = np.concatenate([[0.0], np.cumsum(values)[:-1]])
    squares = np.concatenate([[0.0], np.cumsum(values**2)[:-1]])
    average = (mean + before) / (counts + 1)
    variance = np.maximum((mean + squares) / (counts + 1) - average**2, 1e-4)
    edge = average - mean
    bet = np.clip(edge / (variance + edge**2), 0.0, HALF / max(mean, 1e-9))
    grown: Floats = np.cumsum(np.log1p(bet * (values - mean)))
    return grown


def upper_bound(values: Floats, alpha: float) -> float:
    """A number the mean of values in [0, 1] exceeds with a chance of `alpha` at most, whenever it is looked
    at.
    """
    return 1 - lower_bound(1 - values, alpha)


def lower_bound(values: Floats, alpha: float) -> float:
    """A number the mean of values in [0, 1] falls below with a chance of `alpha` at most, whenever looked
    at.
    """
    needed = log(1 / alpha)

    def short(mean: float) -> float:
        return needed - float(np.max(log_fortune(values, mean), initial=0.0))

    average = float(values.mean()) if len(values) else 0.0
    if not len(values) or average < 1e-6 or short(1e-6) > 0:
        return 0.0
    return float(brentq(short, 1e-6, average, xtol=1e-5)) if short(average) > 0 else average


def restarted(values: Floats, mean: float, every: int) -> Floats:
    """Evidence after each value that values in [0, 1] average above `mean` since some moment.

    A bettor begins anew every `every` values with a share 1 / ((k + 1)(k + 2)) of one fortune, so that what
    was lost while all was well does not hide what changes later (Shin, Ramdas and Rinaldo, "E-detectors",
    2023).
    """
    starts = np.arange(0, len(values), every)
    total = np.zeros(len(values))
    shares = 1 / ((np.arange(len(starts)) + 1.0) * (np.arange(len(starts)) + 2.0))
    for share, start in zip(shares, starts, strict=True):
        total[start:] += share * np.exp(np.minimum(log_fortune(values[start:], mean), 700.0))
        total[:start] += share
    evidence: Floats = total + (1 - shares.sum())
    return evidence


def difference(
    counts: tuple[int, int],
    means: tuple[float, float],
    variances: tuple[float, float],
    *,
    scale: float,
    alpha: float,
) -> Interval:
    """First mean less the second, with an interval that holds at every look; unbounded with a count below
    two.

    `scale` is the standard deviation of effects held likely beforehand: it moves where the interval is
    narrowest, never whether it holds. Variances are sample variances of one value.
    """
    value = means[0] - means[1]
    if min(counts) < 2:
        return Interval(value, -np.inf, np.inf)
    noise = variances[0] / counts[0] + variances[1] / counts[1]
    spread = noise + scale**2
    if noise <= 0:
        return Interval(value, -np.inf, np.inf)
    half = sqrt(2 * noise * spread / scale**2 * (log(1 / alpha) + log(spread / noise) / 2))
    return Interval(value, value - half, value + half)
