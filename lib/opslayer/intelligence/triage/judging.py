"""Whether a new way to answer is right more often than what answers now, and not by chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

CHANCE = 0.05  # of serving a model that is no better


def oftener_right(new: NDArray[np.bool_], now: NDArray[np.bool_]) -> bool:
    """Of the same rows, whether each was right: McNemar's exact test (Psychometrika 12, 1947), one-sided."""
    gained, lost = int((new & ~now).sum()), int((now & ~new).sum())
    return gained + lost > 0 and binomtest(gained, gained + lost, alternative="greater").pvalue < CHANCE
