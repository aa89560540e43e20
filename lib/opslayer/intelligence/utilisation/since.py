"""Since when a shortfall is there, and since when it could be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opslayer.intelligence.utilisation.level import Noise, Others, judge
from opslayer.intelligence.utilisation.weeks import Floats, Weeks, rolling

Places = NDArray[np.int64]


def began(weeks: Weeks, target: Floats, margin: float) -> Places:
    """The week (its column) from which hours are missing, by person.

    It is the one after the lowest sum of hours more than `margin` below the target: the estimate of the
    time of a change that goes with a cumulative sum chart (Page 1954, Continuous inspection schemes,
    Biometrika 41).
    """
    short = np.nan_to_num((target - margin)[:, None] * weeks.available) - weeks.billable
    total = np.concatenate([np.zeros((len(target), 1)), np.cumsum(short, axis=1)], axis=1)
    last_low = total.shape[1] - 1 - np.argmin(total[:, ::-1], axis=1)
    return np.asarray(np.minimum(last_low, short.shape[1] - 1))


def visible(
    weeks: Weeks, target: Floats, noise: Noise, others: Others, *, margin: float, named: float, least: float
) -> Places:
    """The week (its column) at whose end the person could first be named, and could in each week since.

    By person; the number of columns where the last week does not name them. Weeks that end four with fewer
    than `least` hours say nothing for or against.
    """
    available, billable = rolling(weeks.available), rolling(weeks.billable)
    known = available >= least
    hours = np.where(known, available, np.nan)
    probability = judge(billable / hours, hours, target, noise, others).below(margin)
    seen = known & (probability >= named)
    columns = np.arange(seen.shape[1])
    last_quiet = np.where(known & ~seen, columns, -1).max(axis=1)
    after = seen & (columns > last_quiet[:, None])
    return np.asarray(np.where(after.any(axis=1), after.argmax(axis=1), seen.shape[1]))
