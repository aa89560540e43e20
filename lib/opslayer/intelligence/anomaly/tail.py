"""How rare an error is, by all errors before it: their ranks, and past most of them a generalised Pareto
tail.

Siffer, Fouque, Termier, Largouet (2017), *Anomaly detection in streams with extreme value theory*; the tail
by its first two moments, drawn towards a moderate shape while few values have gone so far.
"""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FROM = 0.98  # share of the errors that ranks alone speak for, as in the paper
SHAPE, WEIGHT = 0.2, 20  # the shape expected beforehand, and how many errors it counts as
STEEPEST = 0.9
LEAST = 1e-30


def surprise(errors: Floats, *, least: int = 60) -> Floats:
    """Minus log10 of the chance of an error as large or larger, by those before it; 0 before `least` of them.

    Errors that are NaN are neither judged nor learnt from.
    """
    found, seen = np.zeros(len(errors)), list[float]()
    for place, size in enumerate(np.abs(errors).tolist()):
        if size != size:  # NaN
            continue
        if len(seen) >= least:
            found[place] = -np.log10(max(_chance(seen, size), LEAST))
        insort(seen, size)
    return found


def _chance(seen: list[float], size: float) -> float:
    """Of sorted `seen`, and one to come."""
    first = int(FROM * len(seen))
    start = seen[first]
    if size <= start:
        return 1 - bisect_left(seen, size) / (len(seen) + 1)
    beyond = np.array(seen[first:]) - start
    mean, variance, count = float(beyond.mean()) + 1e-12, float(beyond.var()), len(beyond)
    shape = 0.5 * (1 - mean**2 / variance) if variance > 0 else 0.0
    shape = min(max((shape * count + SHAPE * WEIGHT) / (count + WEIGHT), 1e-6), STEEPEST)
    scale = mean * (1 - shape)
    return float(count / (len(seen) + 1) * (1 + shape * (size - start) / scale) ** (-1 / shape))
