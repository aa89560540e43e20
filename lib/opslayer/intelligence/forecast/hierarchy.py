"""Forecasts of a whole and its parts, made to add up.

Wickramasuriya, Athanasopoulos, Hyndman (2019), *Optimal forecast reconciliation for hierarchical and grouped
time series through trace minimization*, MinT with the covariance shrunk as Schaefer, Strimmer (2005).
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CENT = Decimal("0.01")


def reconcile(parts: Floats, whole: Floats, errors: Floats) -> Floats:
    """The parts (a row each, a column a step), moved as little as their errors allow so that they add up.

    `errors` has a row a time and a column a series, the whole last, one step ahead: it says whose forecast
    gives way. What is not finite in it counts as nothing known. The whole is the sum of what is returned.
    """
    count = len(parts)
    summing = np.vstack([np.eye(count), np.ones(count)])
    base = np.vstack([parts, whole])
    known = errors[np.isfinite(errors).all(axis=1)]
    spread = _shrunk(known) if len(known) > 2 else np.diag(summing.sum(axis=1))
    inverse = np.linalg.pinv(spread, hermitian=True)
    return np.asarray(np.linalg.pinv(summing.T @ inverse @ summing) @ summing.T @ inverse @ base)


def to_cents(parts: Floats) -> tuple[list[Decimal], Decimal]:
    """One step's parts rounded to cents, and their exact sum."""
    rounded = [Decimal(repr(part)).quantize(CENT) for part in parts.tolist()]
    return rounded, sum(rounded, Decimal(0))


def _shrunk(errors: Floats) -> Floats:
    """The covariance, its correlations shrunk towards none by as much as they are uncertain."""
    count = len(errors)
    size = np.sqrt(np.mean(errors**2, axis=0))
    floor = max(float(size.max()), 1e-300) * 1e-6  # a series that was never wrong would never give way
    size = np.maximum(size, floor)
    scaled = errors / size
    correlation = scaled.T @ scaled / count
    products = scaled[:, :, None] * scaled[:, None, :]
    uncertain = ((products - correlation) ** 2).sum(axis=0) / (count * (count - 1))
    off = ~np.eye(errors.shape[1], dtype=bool)
    strength = float((correlation[off] ** 2).sum())
    shrink = min(1.0, max(0.0, float(uncertain[off].sum()) / strength)) if strength > 0 else 1.0
    correlation[off] *= 1 - shrink
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation * np.outer(size, size))
