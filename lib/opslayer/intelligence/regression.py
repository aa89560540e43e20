"""Fitting a generalised linear model, or saying that it cannot be fitted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import statsmodels.api as sm


def converged(model: sm.GLM, **how: Any) -> Any | None:
    """The results of the fit (statsmodels' GLMResults); None where it is singular or does not converge.

    `how` is handed on to its fit.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # non-convergence is asked for below, not warned about
            result = model.fit(maxiter=100, **how)
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return None
    ended = result.mle_retvals if hasattr(result, "mle_retvals") else {"converged": result.converged}
    return result if ended["converged"] and np.isfinite(result.params).all() else None
