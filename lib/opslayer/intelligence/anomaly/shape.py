"""How unlike all before the shape of the last values is: the distance to the most alike windows before.

Distance to nearest neighbours among windows of the past, as KNN-CAD has it: Burnaev, Ishimtsev (2016),
*Conformalized density- and distance-based anomaly detection in time-series data*; windows that share values
with the last are no neighbours, as in Yeh et al. (2016), *Matrix profile I*. Nothing here sees a later value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NEIGHBOURS = 3
REMEMBERED = 4_000  # windows back
AT_ONCE = 500


def unlikeness(values: Floats, width: int) -> Floats:
    """The mean distance of the `width` values up to each from its nearest neighbours; NaN without any."""
    found = np.full(len(values), np.nan)
    if len(values) < 2 * width + NEIGHBOURS:
        return found
    windows = np.lib.stride_tricks.sliding_window_view(values - values[:width].mean(), width)
    squares = np.einsum("ij,ij->i", windows, windows)
    for first in range(0, len(windows), AT_ONCE):
        last = min(first + AT_ONCE, len(windows))
        oldest = max(0, first - REMEMBERED)
        distance = (
            squares[first:last, None]
            + squares[oldest:last]
            - 2 * windows[first:last] @ windows[oldest:last].T
        )
        later = np.arange(oldest, last) > np.arange(first, last)[:, None] - width
        distance[later] = np.inf
        nearest = np.partition(distance, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
        found[first + width - 1 : last + width - 1] = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    found[~np.isfinite(found)] = np.nan
    return found
