"""Exponential smoothing: a small set of ETS forms with damped trends, chosen by AICc.

Hyndman, Koehler, Ord, Snyder (2008), *Forecasting with Exponential Smoothing*; fitted by statsmodels'
ETSModel.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.tsa.exponential_smoothing.ets import ETSModel, ETSResults

Floats = NDArray[np.float64]
FORMS = ((False, False), (True, False), (False, True), (True, True))  # damped trend, season
ITERATIONS = 60
CYCLES = 2  # whole seasons that a seasonal form needs
LEAST = 10  # values that statsmodels' first guess of a level and trend takes


@dataclass(frozen=True)
class Smoothing:
    """A form with its parameters and the states it started from; `season` is the period, 1 without one."""

    damped: bool
    season: int
    parameters: Floats
    start: tuple[float, float, Floats]  # level, trend, season
    aicc: float

    def forecasts(self, values: Floats, origins: NDArray[np.int64], horizon: int) -> Floats:
        """The next `horizon` values after the first `origin` ones, a row an origin; sees nothing after it."""
        states = np.asarray(
            _model(values, self.damped, self.season, self.start).smooth(self.parameters).states
        )
        steps = np.arange(1, horizon + 1)
        found = np.repeat(states[origins - 1, :1], horizon, axis=1)
        if self.damped:
            phi = self.parameters[3 if self.season > 1 else 2]
            found += states[origins - 1, 1:2] * np.cumsum(phi**steps)
        if self.season > 1:
            same = origins[:, None] - self.season + (steps - 1) % self.season  # the same season, a cycle back
            found += states[same, 1 + self.damped]
        return found


def fit(values: Floats, period: int) -> Smoothing:
    """The form of least AICc. Raises ValueError for fewer than 10 values."""
    seasonal = period > 1 and len(values) >= max(CYCLES * period + 2, LEAST + 2 * (period // 2))
    forms = [form for form in FORMS if seasonal or not form[1]]
    found = [_fit(values, damped, period if season else 1) for damped, season in forms]
    return min(found, key=lambda one: one.aicc)


def refit(old: Smoothing, values: Floats) -> Smoothing:
    """The same form on more values, starting where it stood."""
    return _fit(values, old.damped, old.season, old.parameters)


def _fit(values: Floats, damped: bool, season: int, guess: Floats | None = None) -> Smoothing:
    model = _model(values, damped, season)
    start = (
        float(model.initial_level),
        float(model.initial_trend) if damped else 0.0,
        np.asarray(model.initial_seasonal, dtype=np.float64) if season > 1 else np.empty(0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one that has not converged is still weighed by its AICc
        result = model.fit(
            start_params=None if guess is None else guess.copy(), disp=False, maxiter=ITERATIONS
        )
    aicc = float(result.aicc)
    return Smoothing(damped, season, np.asarray(result.params), start, aicc if np.isfinite(aicc) else np.inf)


def _model(
    values: Floats | pd.Series, damped: bool, season: int, start: tuple[float, float, Floats] | None = None
) -> ETSModel:
    level, trend, cycle = start or (None, None, None)
    return ETSModel(
        values,
        error="add",
        trend="add" if damped else None,
        damped_trend=damped,
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
        initialization_method="known" if start else "heuristic",
        initial_level=level,
        initial_trend=trend if damped else None,
        initial_seasonal=cycle if season > 1 else None,
    )


def ahead(fitted: Smoothing, values: Floats) -> ETSResults:
    """statsmodels' own results of what was fitted: its intervals, for one, to be measured beside ours."""
    series = pd.Series(values)  # its intervals ask for an index
    return _model(series, fitted.damped, fitted.season, fitted.start).smooth(fitted.parameters)
