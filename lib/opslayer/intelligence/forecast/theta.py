"""The Theta method: half a line, half exponential smoothing, on what the season leaves.

Assimakopoulos, Nikolopoulos (2000); that it is smoothing with half the trend as drift: Hyndman, Billah
(2003). Fitted by statsmodels' ThetaModel.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf

Floats = NDArray[np.float64]
TEST = 1.645  # the season is in the autocorrelations at 90 %: Fioruci et al. (2016)


@dataclass(frozen=True)
class Theta:
    """Slope of the line, weight of the newest value, and the season's factors or (`adds`) summands."""

    slope: float
    alpha: float
    season: Floats
    adds: bool

    def forecasts(self, values: Floats, origins: NDArray[np.int64], horizon: int) -> Floats:
        """The next `horizon` values after the first `origin` ones, a row an origin; sees nothing after it."""
        period, alpha = len(self.season), self.alpha
        cycle = self.season[np.arange(len(values)) % period]
        left = values - cycle if self.adds else values / cycle
        level, _ = lfilter([alpha], [1, alpha - 1], left, zi=[(1 - alpha) * left[0]])
        steps = np.arange(horizon)
        counted = origins[:, None].astype(np.float64)
        drift = steps + (1 - (1 - alpha) ** counted) / alpha if alpha > 0 else steps + counted
        found = level[origins - 1][:, None] + 0.5 * self.slope * drift
        ahead = self.season[(origins[:, None] + steps) % period]
        return np.asarray(found + ahead if self.adds else found * ahead)


def fit(values: Floats, period: int) -> Theta:
    """Taught by all of the values, in order."""
    season, adds = _season(values, period)
    cycle = season[np.arange(len(values)) % len(season)]
    left = values - cycle if adds else values / cycle
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ThetaModel(pd.Series(left), period=1, deseasonalize=False).fit()
    slope, alpha = np.asarray(fitted.params, dtype=np.float64)
    return Theta(float(slope), float(alpha), season, adds)


def _season(values: Floats, period: int) -> tuple[Floats, bool]:
    if period == 1 or len(values) < 2 * period or np.ptp(values) == 0 or not _shows(values, period):
        return np.zeros(1), True
    if values.min() > 0:
        factors = np.asarray(seasonal_decompose(values, "multiplicative", period=period).seasonal[:period])
        if factors.min() > 0:
            return factors, False
    return np.asarray(seasonal_decompose(values, "additive", period=period).seasonal[:period]), True


def _shows(values: Floats, period: int) -> bool:
    found = acf(values, nlags=period, fft=False)
    spread = np.sqrt((1 + 2 * np.sum(found[1:period] ** 2)) / len(values))
    return bool(abs(found[period]) > TEST * spread)
