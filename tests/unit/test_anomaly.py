"""Anomalies: nothing sees ahead, what is planted is found with its start, what is ordinary is left alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from opslayer.intelligence.anomaly import THRESHOLDS, anomaly_table, asked, episodes, fresh, watch
from opslayer.intelligence.anomaly.shape import unlikeness
from opslayer.intelligence.anomaly.tail import surprise
from opslayer.intelligence.holiday import ordinary, share

FIRST = date(2026, 1, 5)  # a Monday


def daily(days: int, *, seed: int = 0) -> np.ndarray:
    level = np.tile([50.0, 48, 52, 49, 40, 0, 0], days // 7 + 1)[:days]
    return np.round(np.maximum(level + np.random.default_rng(seed).normal(0, 3, days) * (level > 0), 0))


def history(values: np.ndarray, metric: str = "calls", member: str = "firm") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "metric": metric, "member": member, "frequency": "day", "unit": "rows", "is_part": False,
            "period_start": [FIRST + timedelta(days=step) for step in range(len(values))], "value": values,
        }
    )  # fmt: skip


def metric_anomalies(past: pl.DataFrame, holidays: set[date], *, as_of: date) -> pl.DataFrame:
    """As the capability is asked and its detector answers."""
    series = asked.series(past, holidays)
    answers = asked.detector(series).with_columns(
        series["subject"], as_of=pl.lit(as_of), model_version=pl.lit("1")
    )
    return anomaly_table(past, series, answers, as_of=as_of)


def test_no_value_is_judged_by_a_later_one() -> None:
    values = daily(150)
    changed = np.concatenate([values[:120], values[120:] * 9])
    for one, other in zip(
        vars(watch(values, season=7, windows=(1, 3))).values(),
        vars(watch(changed, season=7, windows=(1, 3))).values(),
        strict=True,
    ):
        np.testing.assert_array_equal(one[:120], other[:120])


def test_what_came_is_named_with_what_is_usual_and_since_when() -> None:
    values = daily(140)
    values[128:131] = 95, 100, 130  # Wednesday to Friday
    as_of = FIRST + timedelta(days=140)
    found = metric_anomalies(history(values), set(), as_of=as_of)
    assert found["since"].to_list() == [FIRST + timedelta(days=128)]
    assert found["period_start"][0] in [FIRST + timedelta(days=step) for step in (128, 129, 130)]
    assert not found["is_open"][0]
    told = found["reasons"][0]
    assert told.startswith(f"A {found['period_start'][0]:%A} usually has ")
    assert "calls; " in told
    assert found["lower"][0] <= found["expected"][0] <= found["upper"][0] < found["value"][0]


def test_ordinary_days_are_left_alone() -> None:
    found = [
        len(metric_anomalies(history(daily(180, seed=seed)), set(), as_of=FIRST + timedelta(days=180)))
        for seed in range(10)
    ]
    assert sum(found) <= 2  # of ten series watched for three months


def test_noise_reaches_the_threshold_as_rarely_as_is_said() -> None:
    rng = np.random.default_rng(0)
    told, days, taught = 0, 540, 120
    for _ in range(40):
        values = np.tile(rng.uniform(10, 60, 7), days // 7 + 1)[:days] + rng.normal(0, 3, days)
        found = watch(values, season=7, windows=(1, 3, 7))
        told += sum(one.found >= taught for one in episodes(values, found, threshold=THRESHOLDS[3], rest=7))
    assert 0 < told / (40 * (days - taught) / 365.25) <= 0.5  # a series and year


def test_a_shape_that_was_never_there_is_unlike_those_before() -> None:
    values = np.tile([0.0, 1, 2, 3, 2, 1, 0], 30)
    values[150:157] = [3, 2, 1, 0, 1, 2, 3]  # the same values, the other way round
    found = unlikeness(values, 7)
    assert np.isnan(found[:12]).all()
    assert found[40:150].max() < 1e-3
    assert found[156] > 1
    np.testing.assert_array_equal(found[:150], unlikeness(values[:150], 7))


def test_a_holiday_is_not_out_of_the_ordinary_but_an_empty_working_day_is() -> None:
    values = daily(140)
    values[135] = 0
    empty = FIRST + timedelta(days=135)
    as_of = FIRST + timedelta(days=140)
    assert metric_anomalies(history(values), {empty}, as_of=as_of).is_empty()
    assert metric_anomalies(history(values), set(), as_of=as_of)["period_start"].to_list() == [empty]


def test_nothing_known_gives_an_empty_table_of_the_same_columns() -> None:
    none = metric_anomalies(history(np.empty(0)), set(), as_of=FIRST)
    few = metric_anomalies(history(daily(20)), set(), as_of=FIRST + timedelta(days=20))
    assert none.is_empty()
    assert none.schema == few.schema
    with pytest.raises(ValueError, match="finite"):
        watch(np.array([1.0, np.nan]), season=7)


def test_surprise_is_the_rank_within_and_a_tail_beyond() -> None:
    errors = np.concatenate([np.linspace(0.01, 1, 100), [0.5, 3.0]])
    found = surprise(errors, least=60)
    assert found[100] == pytest.approx(-np.log10(0.5), abs=0.02)
    assert found[101] > 2.5
    assert not found[:60].any()


def test_an_episode_is_told_of_once_unless_it_gets_worse() -> None:
    score = np.array([0, 1, 5, 4, 5, 6, 0, 0, 0, 3])
    assert fresh(score.astype(float), 3).tolist() == [0, 1, 5, 0, 0, 6, 0, 0, 0, 3]
    values = np.zeros(200)
    values[100:104] = 5
    one = episodes(values, watch(values, season=1), threshold=THRESHOLDS[1], rest=5)
    assert [(each.first, each.found) for each in one] == [(100, 100)]


def test_a_holiday_takes_the_place_of_the_weekday_before() -> None:
    days = [FIRST + timedelta(days=step) for step in range(28)]
    values = np.array([10.0 + step // 7 for step in range(28)])
    off = {days[14], days[21], days[22]}
    values[[14, 21, 22]] = 1
    usual = ordinary(days, values, off)
    assert usual[[14, 21]].tolist() == [10.5, 10.5]
    assert share(days, values, off) == pytest.approx(1 / 10.5, rel=0.1)
    assert share(days, values, {days[14]}) == 0
