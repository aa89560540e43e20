"""Forecasts: nothing sees ahead, intervals cover, the naive one stands where it is better, parts add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel

from opslayer.intelligence.forecast import (
    arima,
    combination,
    conformal,
    coverage,
    crossings,
    hierarchy,
    smoothing,
    theta,
)  # fmt: skip
from opslayer.metrics import Metric, Range

AS_OF = date(2026, 11, 16)


def seasonal(months: int, *, seed: int = 0, noise: float = 5.0) -> np.ndarray:
    time = np.arange(months)
    season = 30 * np.sin(2 * np.pi * time / 12)
    return 200 + time + season + np.random.default_rng(seed).normal(0, noise, months)


@pytest.mark.parametrize("method", [smoothing, theta, arima])
def test_a_forecast_from_an_origin_sees_nothing_after_it(method) -> None:
    values = seasonal(90)
    fitted = method.fit(values[:60], 12)
    changed = np.concatenate([values[:70], values[70:] * 7 + 1])
    origins = np.array([62, 70])
    np.testing.assert_allclose(
        fitted.forecasts(changed, origins, 6), fitted.forecasts(values, origins, 6), rtol=1e-9
    )


def test_smoothing_looks_ahead_as_statsmodels_does() -> None:
    values = seasonal(80)
    for damped, season in ((False, 1), (True, 1), (False, 12), (True, 12)):
        ours = smoothing._fit(values, damped, season)
        theirs = ETSModel(
            values, trend="add" if damped else None, damped_trend=damped,
            seasonal="add" if season > 1 else None, seasonal_periods=season if season > 1 else None,
            initialization_method="heuristic",
        ).smooth(ours.parameters).forecast(30)  # fmt: skip
        np.testing.assert_allclose(ours.forecasts(values, np.array([80]), 30)[0], theirs, rtol=1e-9)


def test_theta_looks_ahead_as_statsmodels_does() -> None:
    values = seasonal(80)
    ours = theta.fit(values, 12).forecasts(values, np.array([80]), 30)[0]
    np.testing.assert_allclose(ours, ThetaModel(pd.Series(values), period=12).fit().forecast(30), rtol=1e-6)


def test_arima_of_a_straight_line_and_a_season_goes_on_with_both() -> None:
    values = seasonal(96, noise=0.01)
    ahead = arima.fit(values[:84], 12).forecasts(values, np.array([84]), 12)[0]
    np.testing.assert_allclose(ahead, values[84:], rtol=0.01)


def test_the_combination_is_close_and_its_intervals_hold_what_comes() -> None:
    inside, errors = [], []
    for seed in range(3):
        values = seasonal(84, seed=seed)
        found = combination.forecast(values[:72], period=12, horizon=12, floor=0)
        inside.append((values[72:] >= found.lower[0]) & (values[72:] <= found.upper[0]))
        errors.append(np.abs(found.mean - values[72:]))
        assert not found.is_fallback
    assert np.mean(errors) < 8  # noise of standard deviation 5 cannot be foreseen
    assert 0.6 <= np.mean(inside) <= 0.97


def test_where_last_year_is_the_best_guess_it_stands_and_says_so() -> None:
    rng = np.random.default_rng(4)
    values = np.tile(rng.lognormal(5, 1, 12), 6) + rng.normal(0, 0.001, 72)
    values[-30:] = values[-42:-30].tolist() * 2 + values[-42:-36].tolist()
    found = combination.forecast(values, period=12, horizon=6)
    np.testing.assert_allclose(found.mean, values[-12:-6], rtol=1e-3)
    short = combination.forecast(np.array([3.0, 4.0, 5.0]), period=7, horizon=2)
    assert short.is_fallback
    assert "3 values are too few" in short.fallback


def test_one_value_and_a_series_that_never_moves_are_forecast_by_themselves() -> None:
    for values in (np.array([5.0]), np.full(60, 5.0)):
        found = combination.forecast(values, period=7, horizon=3, floor=0)
        assert found.mean.tolist() == [5.0, 5.0, 5.0]
        assert found.is_fallback
    with pytest.raises(ValueError, match="finite"):
        combination.forecast(np.array([1.0, np.nan]), period=1, horizon=1)


def test_what_cannot_be_negative_is_not() -> None:
    values = np.maximum(np.random.default_rng(1).normal(1, 2, 90), 0)
    found = combination.forecast(values, period=7, horizon=14, floor=0)
    assert found.mean.min() >= 0
    assert found.lower.min() >= 0


def test_half_widths_take_the_quantile_of_n_plus_one() -> None:
    errors = np.arange(1.0, 10.0)[:, None] * np.array([1, -1])
    half = conformal.half_widths(errors, (0.8, 0.95))
    size = conformal.scale(errors)
    scores = np.sort((np.abs(errors) / size).ravel())
    np.testing.assert_allclose(half[0], scores[int(np.ceil(19 * 0.8)) - 1] * size)
    np.testing.assert_allclose(half[1], scores[-1] * size)


def test_parts_add_up_and_the_surer_forecast_moves_less() -> None:
    rng = np.random.default_rng(2)
    errors = np.column_stack([rng.normal(0, 1, 50), rng.normal(0, 10, 50), rng.normal(0, 5, 50)])
    parts = hierarchy.reconcile(np.array([[100.0], [50.0]]), np.array([165.0]), errors)
    moved = parts[:, 0] - [100, 50]
    assert moved.sum() > 0
    assert abs(moved[0]) < abs(moved[1])
    cents, whole = hierarchy.to_cents(np.array([0.125, 0.335, 0.005]))
    assert sum(cents) == whole
    assert all(part == part.quantize(Decimal("0.01")) for part in cents)


def test_a_metric_in_its_range_that_will_leave_it_is_told_with_the_day_and_the_chance() -> None:
    dso = Metric(
        name="dso", title="DSO", unit="days", better="lower", owner="Finance", description="", query="q",
        rows="q", of_rows="count(*)", expected=Range(high=55),
    )  # fmt: skip
    past = pl.DataFrame(
        {"metric": "dso", "member": "firm", "period_start": [date(2026, 10, 1)], "value": [50.0]}
    )
    ahead = pl.DataFrame(
        {
            "metric": "dso", "member": "firm", "frequency": "month", "unit": "days", "is_fallback": False,
            "period_start": [date(2026, 11, 1), date(2026, 12, 1)], "value": [54.0, 57.0],
            "lower_80": [50.0, 53.0], "upper_80": [58.0, 61.0], "reasons": "Why.", "model": "m",
            "model_version": "1",
        }
    )  # fmt: skip
    (row,) = crossings(past, ahead, [dso], as_of=AS_OF).to_dicts()
    assert (row["side"], row["crosses_on"], row["expected"]) == ("high", date(2026, 12, 1), 57)
    assert row["probability"] == pytest.approx(0.739, abs=0.001)  # 2 of a spread of 8 / 2.563
    assert row["reasons"].startswith(
        "DSO is 50 days and expected to be 57 days in December 2026, above 55 days"
    )
    out_now = past.with_columns(value=pl.lit(56.0))
    for history, forecasts in ((out_now, ahead), (past, ahead.with_columns(is_fallback=pl.lit(True)))):
        assert crossings(history, forecasts, [dso], as_of=AS_OF).is_empty()


def test_each_period_is_judged_once_by_the_forecast_made_last_before_it() -> None:
    made = pl.DataFrame(
        {
            "as_of": [date(2026, 9, 28), date(2026, 10, 1), date(2026, 10, 5)],
            "metric": "dso", "member": "firm", "period_start": date(2026, 10, 1),
            "lower_80": [40.0, 48.0, 49.0], "upper_80": [45.0, 52.0, 51.0],
        }
    )  # fmt: skip
    came = pl.DataFrame(
        {"metric": "dso", "member": "firm", "period_start": [date(2026, 10, 1)], "value": [50.0]}
    )
    assert coverage(made, came).rows() == [("dso", "firm", 1, 1)]
    assert coverage(made.head(1), came).rows() == [("dso", "firm", 1, 0)]
