"""Days on which nobody works, taken out of a daily series and put back into what is expected of it.

Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., section 7.4: a dummy a special day;
here in proportion and by medians, since a firm has few such days.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEEK, BEFORE = 7, 4
FEWEST = 3  # holidays seen before their share is taken from them


def ordinary(days: Sequence[date], values: Floats, holidays: Collection[date]) -> Floats:
    """The values with those of holidays put at what the same weekday was before them."""
    found = np.asarray(values, dtype=np.float64).copy()
    for place, day in enumerate(days):
        if day in holidays:
            before = [found[place - WEEK * step] for step in range(1, BEFORE + 1) if place >= WEEK * step]
            if before:
                found[place] = np.median(before)
    return found


def share(days: Sequence[date], values: Floats, holidays: Collection[date]) -> float:
    """How much of an ordinary day a holiday has: the median of those seen; 0 where fewer than FEWEST were."""
    usual = ordinary(days, values, holidays)
    seen = [
        float(value / normal)
        for day, value, normal in zip(days, values, usual, strict=True)
        if day in holidays and normal > 0
    ]
    return float(np.median(seen)) if len(seen) >= FEWEST else 0.0
