"""ARIMA from a small set of orders, chosen by AICc; how often to difference by strength and by KPSS.

Hyndman, Khandakar (2008), *Automatic time series forecasting*, whose search this shortens to a few orders;
strength of season: Wang, Smith, Hyndman (2006). Fitted by statsmodels' SARIMAX in state space.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import kpss

Floats = NDArray[np.float64]
SEASONAL = ((0, 1, 0, 1), (1, 0, 0, 1), (2, 0, 0, 1), (1, 0, 1, 0))  # p, q, P, Q
PLAIN = ((0, 1), (1, 0), (1, 1), (2, 0))
ITERATIONS = 40
CRITICAL = 0.463  # of KPSS, level, at 5 %
CYCLES = 3  # whole seasons that a seasonal difference needs


@dataclass(frozen=True)
class Arima:
    """Orders (p, q, P, Q), how often it is differenced, the mean of what is left, and the parameters."""

    orders: tuple[int, int, int, int]
    differenced: int
    season: int
    mean: float
    parameters: Floats
    aicc: float

    def forecasts(self, values: Floats, origins: NDArray[np.int64], horizon: int) -> Floats:
        """The next `horizon` values after the first `origin` ones, a row an origin; sees nothing after it."""
        left = _differenced(values, self.differenced, self.season) - self.mean
        filtered = _model(left, self.orders, self.season).filter(self.parameters)
        space = filtered.model.ssm
        state = filtered.filter_results.predicted_state[:, origins - (len(values) - len(left))]
        design, transition = space["design"], space["transition"]
        steps = np.empty((horizon, len(origins)))
        for step in range(horizon):
            steps[step] = (design @ state)[0]
            state = transition @ state
        return _summed(values, steps.T + self.mean, origins, self.differenced, self.season)


def fit(values: Floats, period: int) -> Arima:
    """The order of least AICc among those differenced alike."""
    season = (
        period if period > 1 and len(values) >= CYCLES * period + 4 and _is_seasonal(values, period) else 1
    )
    differenced = int(_wanders(_differenced(values, 0, season)))
    orders = SEASONAL if season > 1 else tuple((p, q, 0, 0) for p, q in PLAIN)
    found = [_fit(values, order, differenced, season) for order in orders]
    return min(found, key=lambda one: one.aicc)


def refit(old: Arima, values: Floats) -> Arima:
    """The same orders on more values, starting where it stood."""
    return _fit(values, old.orders, old.differenced, old.season, old.parameters)


def _fit(
    values: Floats,
    orders: tuple[int, int, int, int],
    differenced: int,
    season: int,
    start: Floats | None = None,
) -> Arima:
    left = _differenced(values, differenced, season)
    # twice differenced it has no drift that lasts
    mean = 0.0 if differenced and season > 1 else float(left.mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one that has not converged is still weighed by its AICc
        result = _model(left - mean, orders, season).fit(start_params=start, disp=False, maxiter=ITERATIONS)
    aicc = float(result.aicc)
    return Arima(
        orders, differenced, season, mean, np.asarray(result.params), aicc if np.isfinite(aicc) else np.inf
    )


def _model(left: Floats, orders: tuple[int, int, int, int], season: int) -> SARIMAX:
    p, q, seasonal_p, seasonal_q = orders
    seasonal = (seasonal_p, 0, seasonal_q, season) if season > 1 else (0, 0, 0, 0)
    return SARIMAX(left, order=(p, 0, q), seasonal_order=seasonal, concentrate_scale=True)


def _differenced(values: Floats, times: int, season: int) -> Floats:
    left = values[season:] - values[:-season] if season > 1 else values
    return np.asarray(np.diff(left) if times else left)


def _summed(values: Floats, steps: Floats, origins: NDArray[np.int64], times: int, season: int) -> Floats:
    """Undo the differences: each origin's steps on top of the values before it."""
    if times:
        before = _differenced(values, 0, season)
        offset = len(values) - len(before)
        steps = before[origins - offset - 1][:, None] + np.cumsum(steps, axis=1)
    if season == 1:
        return steps
    found = np.empty_like(steps)
    for step in range(steps.shape[1]):
        back = found[:, step - season] if step >= season else values[origins - season + step]
        found[:, step] = back + steps[:, step]
    return found


def _is_seasonal(values: Floats, period: int) -> bool:
    """Whether the season is strong: its share of what a trend leaves is 0.64 or more, as auto.arima asks."""
    trend = np.convolve(values, _window(period), mode="valid")
    cut = (len(values) - len(trend)) // 2
    loose = values[cut : cut + len(trend)] - trend
    place = (np.arange(len(loose)) + cut) % period
    means = np.array([loose[place == one].mean() for one in range(period)])
    rest = loose - means[place]
    return bool(1 - rest.var() / max(float(loose.var()), 1e-300) >= 0.64)


def _window(period: int) -> Floats:
    if period % 2:
        return np.full(period, 1 / period)
    return np.asarray(np.r_[0.5, np.ones(period - 1), 0.5] / period)


def _wanders(values: Floats) -> bool:
    """Whether KPSS refuses that the level stays; a series that never moves does not wander."""
    if np.ptp(values) == 0:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its p-value is looked up in a table; only the statistic is used
        statistic = float(kpss(values, regression="c", nlags="auto")[0])
    return statistic > CRITICAL
