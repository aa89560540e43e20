"""What a value is usually like, from the values before it alone: the candidate that has been nearest of late.

Candidates are the naive and seasonal-naive benchmarks of Hyndman & Athanasopoulos, *Forecasting: Principles
and Practice*, 3rd ed., section 5.2, made robust by medians. Nothing here sees the value it is about, or a
later one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]
RECENT, SEASONS, LONG = 5, 7, 4  # how many values, seasons and long seasons before count
MEMORY = 7  # seasons after which an error counts half towards what is usual
CHOICE = 2  # seasons after which it counts half towards which candidate is taken


@dataclass(frozen=True)
class Baseline:
    """What was expected of each value, and how far off that has usually been (NaN: nothing known yet)."""

    expected: Floats
    scale: Floats


def baseline(values: Floats, *, season: int, long: int | None = None, gap: int = 1) -> Baseline:
    """`season` and `long` in steps (a day and a week of 5-minute values: 288 and 2016).

    `gap` steps before a value are not looked at: values that are means over a window share what they hold.
    """
    lags = [[gap], [gap * step for step in range(1, RECENT + 1)]]
    if season > 1:
        lags.append([season * step for step in range(1, SEASONS + 1) if season * step >= gap])
    if long is not None and len(values) > 2 * long:
        lags.append([long * step for step in range(1, LONG + 1)])
    candidates = np.stack([_median(values, each) for each in lags])
    with np.errstate(invalid="ignore"):
        errors = np.abs(values - candidates)
    lately = np.stack([_before(_faded(error, CHOICE * season)) for error in errors])
    lately[np.isnan(lately) | np.isnan(candidates)] = np.inf
    chosen = lately.argmin(axis=0), np.arange(len(values))
    known = np.isfinite(lately[chosen])
    expected = np.where(known, candidates[chosen], np.nan)
    scale = _before(_faded(np.abs(values - expected), MEMORY * season))
    least = 1e-3 * float(np.median(np.abs(values))) + 1e-9  # a series that never moved may move a little
    return Baseline(expected, np.maximum(scale, least))


def _median(values: Floats, lags: list[int]) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the first values have nothing before them
        return np.asarray(np.nanmedian(np.stack([_before(values, lag) for lag in lags]), axis=0))


def _before(values: Floats, steps: int = 1) -> Floats:
    """The values so many steps earlier."""
    found = np.full(len(values), np.nan)
    found[steps:] = values[: max(0, len(values) - steps)]
    return found


def _faded(values: Floats, half_life: float) -> Floats:
    """Exponentially fading mean of the values up to each; NaN counts as nothing."""
    known = ~np.isnan(values)
    keep = 0.5 ** (1 / half_life)
    total = lfilter([1.0], [1.0, -keep], np.where(known, values, 0.0))
    weight = lfilter([1.0], [1.0, -keep], known.astype(np.float64))
    return np.asarray(np.where(weight > 1e-9, total / np.maximum(weight, 1e-9), np.nan))
