"""Series that others measured: a part of the tourism series, and the short files of the Numenta benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from opslayer.intelligence.forecast import forecast
from opslayer.intelligence.forecast.combination import season_before
from tests.benchmarks import bench_anomaly, bench_forecast, nab, tourism

EVERY = 45  # of the 366 monthly series
SHORT = 5_500  # rows

pytestmark = pytest.mark.real


@pytest.mark.skipif(not bench_forecast.DATA.is_dir(), reason="the tourism series are not here")
def test_tourism_is_forecast_nearer_than_by_the_season_before_and_within_its_intervals() -> None:
    errors, naive, inside = [], [], []
    for one in tourism.load(bench_forecast.DATA, "monthly")[::EVERY]:
        found = forecast(one.known, period=one.period, horizon=len(one.came), floor=0)
        before = season_before(one.known, period=one.period, horizon=len(one.came), floor=0)
        errors.append(tourism.mase(one, found.mean))
        naive.append(tourism.mase(one, before.mean))
        inside.append(np.mean((one.came >= found.lower[0]) & (one.came <= found.upper[0])))
    assert np.mean(errors) < 0.95 * np.mean(naive)
    assert 0.7 <= np.mean(inside) <= 0.95


@pytest.mark.skipif(not bench_anomaly.DATA.is_dir(), reason="the benchmark's files are not here")
def test_anomalies_of_the_short_files_are_found_early_and_few_others_told() -> None:
    files = [file for file in nab.files(bench_anomaly.DATA) if len(file.rows) <= SHORT]
    judged, ours = [nab.judge(file) for file in files], [bench_anomaly.scores(file) for file in files]
    assert nab.score(judged, ours, "standard")[0] > 55
    assert nab.score(judged, ours, "standard", bench_anomaly.THRESHOLDS[3])[0] > 40
    silent = [not one.windows for one in judged]
    assert not any(
        (scores >= bench_anomaly.THRESHOLDS[3])[one.scored].any()
        for one, scores, quiet in zip(judged, ours, silent, strict=True)
        if quiet
    )
