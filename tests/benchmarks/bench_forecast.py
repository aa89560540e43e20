"""Forecasts of all 366 monthly and 427 quarterly tourism series: ours beside ETS alone and beside
statsforecast.

MASE (lower is better), the share of values within the intervals of 80 and 95 %, and series per second of one
process's own time. ETS alone is statsmodels' with damped forms by AICc and its own intervals. statsforecast
2.1.1 wants pandas before 3, so it runs in an environment of its own, the one of $STATSFORECAST_PYTHON where
that is set; without a registry its rows stay as measured before. Which
methods are combined, and that errors count in proportion, was chosen on every fifth monthly and every fourth
quarterly series.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from opslayer.config import PROJECT
from opslayer.intelligence.forecast import forecast, smoothing
from tests.benchmarks import tourism

DATA = PROJECT.parent / "shared" / "data" / "forecasting" / "tourism"
RIVAL = Path(__file__).with_name("statsforecast_rival.py")


@dataclass(frozen=True)
class Answer:
    """For each series: what is expected, and the intervals of 80 and 95 % as (lower, upper)."""

    expected: list[np.ndarray]
    intervals: dict[int, list[tuple[np.ndarray, np.ndarray]]]
    seconds: float


def main() -> list[dict[str, Any]]:
    """No rows where the data set is not there."""
    if not DATA.is_dir():
        return []
    rows: list[dict[str, Any]] = []
    for kind in ("monthly", "quarterly"):
        series = tourism.load(DATA, kind)
        with threadpool_limits(1):
            ours, ets = combined(series), ets_alone(series)
        told = measured(series, ours)
        for rival, answer in {"ETS alone": ets, **statsforecast(series)}.items():
            theirs = measured(series, answer)
            for name, value in told.items():
                rows.append(
                    {
                        "name": f"forecasts, {name}",
                        "scale": f"{len(series)} {kind} tourism series",
                        "ours": value,
                        "rival": rival,
                        "rivals": theirs[name],
                        "claim": CLAIMS[name],
                    }
                )
    return rows


CLAIMS = {
    "MASE": "lower is better",
    "MASE, median series": "lower is better",
    "within the interval of 80 %": "80 %",
    "within the interval of 95 %": "95 %",
    "series a second": "one process",
}


def measured(series: list[tourism.Series], answer: Answer) -> dict[str, str]:
    errors = [tourism.mase(one, expected) for one, expected in zip(series, answer.expected, strict=True)]
    inside = {
        level: np.mean(
            [
                np.mean((one.came >= lower) & (one.came <= upper))
                for one, (lower, upper) in zip(series, spans, strict=True)
            ]
        )
        for level, spans in answer.intervals.items()
    }
    return {
        "MASE": f"{np.mean(errors):.3f}",
        "MASE, median series": f"{np.median(errors):.3f}",
        "within the interval of 80 %": f"{inside[80]:.1%}",
        "within the interval of 95 %": f"{inside[95]:.1%}",
        "series a second": f"{len(series) / answer.seconds:.2f}",
    }


def combined(series: list[tourism.Series]) -> Answer:
    started = time.process_time()
    found = [
        forecast(one.known, period=one.period, horizon=len(one.came), floor=0)  # visitors and nights
        for one in series
    ]
    seconds = time.process_time() - started
    spans = {
        level: [(one.lower[place], one.upper[place]) for one in found] for place, level in enumerate((80, 95))
    }
    return Answer([one.mean for one in found], spans, seconds)


def ets_alone(series: list[tourism.Series]) -> Answer:
    expected, spans = [], {80: [], 95: []}
    started = time.process_time()
    for one in series:
        fitted = smoothing.fit(one.known, one.period)
        last = len(one.known)
        expected.append(fitted.forecasts(one.known, np.array([last]), len(one.came))[0])
        ahead = smoothing.ahead(fitted, one.known).get_prediction(last, last + len(one.came) - 1)
        for level, intervals in spans.items():
            ends = np.asarray(ahead.pred_int(alpha=1 - level / 100))
            intervals.append((ends[:, 0], ends[:, 1]))
    return Answer(expected, spans, time.process_time() - started)


def statsforecast(series: list[tourism.Series]) -> dict[str, Answer]:
    """Its AutoETS and AutoTheta; nothing where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix="opslayer-bench-") as folder:
        place = Path(folder)
        python = environment(place)
        if python is None:
            return {}
        asked = [
            {"known": one.known.tolist(), "period": one.period, "horizon": len(one.came)} for one in series
        ]
        (place / "series.json").write_text(json.dumps(asked))
        subprocess.run(
            [python, RIVAL, place / "series.json", place / "answers.json"],
            check=True, stdout=sys.stderr, env={"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        answers = json.loads((place / "answers.json").read_text())
    return {
        f"statsforecast {name}": Answer(
            [np.array(row["mean"]) for row in answer["rows"]],
            {
                level: [
                    (np.array(row[f"lo-{level}"]), np.array(row[f"hi-{level}"])) for row in answer["rows"]
                ]
                for level in (80, 95)
            },
            answer["seconds"],
        )
        for name, answer in answers.items()
    }


def environment(place: Path) -> Path | None:
    """A Python that has statsforecast; None where it cannot be installed."""
    if given := os.environ.get("STATSFORECAST_PYTHON"):
        return Path(given)
    venv.create(place / "environment", with_pip=True)
    python = place / "environment" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "statsforecast==2.1.1"]
    return None if subprocess.run(install, capture_output=True, check=False).returncode else python
