"""One series ahead: ETS, Theta, ARIMA and the season before, weighed by how they did at earlier origins.

Weights are the inverse of squared error: Bates, Granger (1969), *The combination of forecasts*. Each method
is chosen and fitted before the first origin and carried on unchanged from origin to origin, so that no
method's error has seen what it is measured on; only the forecast itself is fitted to everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from opslayer.intelligence.forecast import arima, conformal, smoothing, theta

Floats = NDArray[np.float64]
Origins = NDArray[np.int64]
MODEL, NAIVE, VERSION = "ETS, Theta and ARIMA combined", "seasonal naive", "1"
LEVELS = (0.8, 0.95)
EXTRA = 18  # origins beyond those that know a whole horizon
MOST_ORIGINS = 42
LEAST = 16  # values before the first origin that the methods are taught by
FAR = 20.0  # times the largest value: past it a method has run away


class Method(Protocol):
    """Fitted to the start of a series, and able to look ahead from any later origin of it."""

    def forecasts(self, values: Floats, origins: Origins, horizon: int) -> Floats: ...


@dataclass(frozen=True)
class SeasonBefore:
    """The value of the same season in the cycle before."""

    cycle: int

    def forecasts(self, values: Floats, origins: Origins, horizon: int) -> Floats:
        return naives(values, self.cycle, origins, horizon)


@dataclass(frozen=True)
class InProportion:
    """Smoothing of the logarithms: growth and season in proportion to the level."""

    rates: smoothing.Smoothing

    def forecasts(self, values: Floats, origins: Origins, horizon: int) -> Floats:
        limit = np.log(FAR * values.max())
        ahead = self.rates.forecasts(np.log(values), origins, horizon)
        return np.asarray(np.exp(np.minimum(ahead, limit)))


@dataclass(frozen=True)
class Forecast:
    """What is expected `horizon` steps on, its intervals, and how the methods did at earlier origins.

    `lower` and `upper` have a row for each of LEVELS; `error` and `naive_error` are mean absolute errors
    over all origins and steps, NaN where the history is too short to have any.
    """

    mean: Floats
    lower: Floats
    upper: Floats
    error: float
    naive_error: float
    origins: int
    fallback: str  # why the naive one stands; empty where it does not
    one_step: Floats  # errors one step ahead at the last origins, in order

    @property
    def is_fallback(self) -> bool:
        return bool(self.fallback)


def forecast(values: Floats, *, period: int, horizon: int, floor: float | None = None) -> Forecast:
    """`values` in order, equally spaced, none missing; `period` steps to a season (1: none).

    Raises ValueError for no values, or ones that are not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("a forecast needs values, all of them finite")
    cycle = period if len(values) > period else 1
    first = max(LEAST, 2 * period + 2, len(values) - horizon - EXTRA)
    if first >= len(values) or np.ptp(values[:first]) == 0:
        return _naive_alone(values, cycle, horizon, floor)
    first = max(first, len(values) - MOST_ORIGINS)
    origins = np.arange(first, len(values))
    actual, last = _ahead(values, origins, horizon), np.array([len(values)])
    before = naives(values, cycle, origins, horizon)
    tried, expected = _combined(values, period, cycle, horizon, origins, floor)
    error, naive_error = (float(np.nanmean(np.abs(actual - found))) for found in (tried, before))
    if error > naive_error:
        same = "season" if cycle > 1 else "value"
        why = (
            f"At {len(origins)} earlier origins the same {same} before was off by {naive_error / error:.0%} "
            "of what the combination was."
        )
        expected = naives(values, cycle, last, horizon)[0]
        return _with_intervals(values, expected, actual, before, floor, (error, naive_error), why)
    return _with_intervals(values, expected, actual, tried, floor, (error, naive_error), "")


def naives(values: Floats, cycle: int, origins: Origins, horizon: int) -> Floats:
    """The value of the same season in the cycle before each origin, a row an origin."""
    return np.asarray(values[origins[:, None] - cycle + np.arange(horizon) % cycle])


def _combined(
    values: Floats, period: int, cycle: int, horizon: int, origins: Origins, floor: float | None
) -> tuple[Floats, Floats]:
    """The combination at each origin, and from the end."""
    last, bound = np.array([len(values)]), FAR * np.abs(values).max()
    least = -bound if floor is None else floor
    methods = _methods(values, period, cycle, int(origins[0]))
    tried = np.stack([before.forecasts(values, origins, horizon) for before, _ in methods]).clip(least, bound)
    ahead = np.stack([after.forecasts(values, last, horizon)[0] for _, after in methods]).clip(least, bound)
    errors = np.nanmean(np.abs(_ahead(values, origins, horizon) - tried), axis=(1, 2))
    weights = 1 / np.maximum(errors, 1e-9 * max(float(errors.max()), 1e-300)) ** 2
    weights /= weights.sum()
    return np.tensordot(weights, tried, 1), np.tensordot(weights, ahead, 1)


def _methods(values: Floats, period: int, cycle: int, first: int) -> list[tuple[Method, Method]]:
    """Each method taught by the values before `first`, and by all of them."""
    ets, lags = smoothing.fit(values[:first], period), arima.fit(values[:first], period)
    methods: list[tuple[Method, Method]] = [
        (ets, smoothing.refit(ets, values)),
        (theta.fit(values[:first], period), theta.fit(values, period)),
        (lags, arima.refit(lags, values)),
        (SeasonBefore(cycle), SeasonBefore(cycle)),
    ]
    if values.min() > 0:
        logs = np.log(values)
        rates = smoothing.fit(logs[:first], period)
        methods.append((InProportion(rates), InProportion(smoothing.refit(rates, logs))))
    return methods


def _ahead(values: Floats, origins: Origins, horizon: int) -> Floats:
    """What came after each origin; NaN past the end."""
    padded = np.concatenate([values, np.full(horizon, np.nan)])
    return np.asarray(padded[origins[:, None] + np.arange(horizon)])


def season_before(values: Floats, *, period: int, horizon: int, floor: float | None = None) -> Forecast:
    """The value of the same season before, its intervals from its own errors. Arguments as of `forecast`."""
    values = np.asarray(values, dtype=np.float64)
    return _naive_alone(values, period if len(values) > period else 1, horizon, floor)


def _naive_alone(values: Floats, cycle: int, horizon: int, floor: float | None) -> Forecast:
    expected = naives(values, cycle, np.array([len(values)]), horizon)[0]
    known = f"{len(values)} values are" if len(values) > 1 else "1 value is"
    why = f"{known} too few, or differ too little, for more than the same value a season ago."
    origins = np.arange(cycle, len(values))
    if not len(origins):
        same = np.repeat(expected[None], len(LEVELS), axis=0)
        return Forecast(expected, same, same, np.nan, np.nan, 0, why, np.empty(0))
    actual, before = _ahead(values, origins, horizon), naives(values, cycle, origins, horizon)
    error = float(np.nanmean(np.abs(actual - before)))
    return _with_intervals(values, expected, actual, before, floor, (np.nan, error), why)


def _with_intervals(
    values: Floats,
    expected: Floats,
    actual: Floats,
    tried: Floats,
    floor: float | None,
    errors: tuple[float, float],
    why: str,
) -> Forecast:
    """Errors count in proportion where the series has been positive throughout: they grow with it."""
    least = values.min() / 10
    if least > 0:
        expected = np.maximum(expected, least)
        half = conformal.half_widths(np.log(actual / np.maximum(tried, least)), LEVELS)
        lower, upper = expected * np.exp(-half), expected * np.exp(half)
    else:
        expected = expected if floor is None else np.maximum(expected, floor)
        half = conformal.half_widths(actual - tried, LEVELS)
        lower, upper = expected - half, expected + half
    lower = lower if floor is None else np.maximum(lower, floor)
    return Forecast(expected, lower, upper, *errors, len(actual), why, (actual - tried)[:, 0])
