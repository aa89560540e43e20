"""Fitting a generalised linear model, or saying that it cannot be fitted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import statsmodels.api as sm


def converged(model: sm.GLM) -> Any | None:
    """The results of the fit (statsmodels' GLMResults); None where it is singular or does not converge."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # non-convergence is asked for below, not warned about
            result = model.fit(maxiter=100)
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return None
    return result if result.converged and np.isfinite(result.params).all() else None
