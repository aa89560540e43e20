"""Intervals from a forecast's own errors at earlier origins: split conformal, a scale for each step ahead.

Vovk, Gammerman, Shafer (2005) for the quantile that is taken; Wang, Hyndman (2024), *Online conformal
inference for multi-step time series forecasting*, for errors by step. Errors are divided by a scale that
never shrinks with the step, so that all steps say together how far the tails go: a series has few origins
for each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def scale(errors: Floats) -> Floats:
    """How large errors are at each step ahead; `errors` has a row an origin, NaN where nothing was known yet.

    The mean absolute error, smoothed as a power of the step: size grows with the step, and no step is
    surer than one before it.
    """
    steps = np.arange(1, errors.shape[1] + 1)
    counts = np.sum(~np.isnan(errors), axis=0)
    size = np.where(counts > 0, np.nansum(np.abs(errors), axis=0) / np.maximum(counts, 1), np.nan)
    known = (counts > 0) & (size > 0)
    if not known.any():
        return np.zeros(errors.shape[1])
    slope = 0.0
    if known.sum() > 1:
        x, y = np.log(steps[known]), np.log(size[known])
        weight = counts[known] / counts[known].sum()
        centre = x - weight @ x
        slope = float(np.clip((weight * centre) @ y / ((weight * centre) @ centre), 0.0, 1.0))
    level = np.average(np.log(size[known]) - slope * np.log(steps[known]), weights=counts[known])
    return np.asarray(np.exp(level + slope * np.log(steps)))


def half_widths(errors: Floats, levels: tuple[float, ...]) -> Floats:
    """Half of the interval at each level (rows) and step (columns), in the unit of the errors.

    The quantile is the one of n + 1 draws: ceil((n + 1) level) of n, the largest where n is too few for it.
    """
    size = scale(errors)
    if not size.any():
        return np.zeros((len(levels), errors.shape[1]))
    scores = np.sort((np.abs(errors) / size)[~np.isnan(errors)])
    ranks = [min(int(np.ceil((len(scores) + 1) * level)), len(scores)) - 1 for level in levels]
    return np.asarray(scores[ranks][:, None] * size)
