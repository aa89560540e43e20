"""Runs in an environment of its own: AutoETS and AutoTheta of statsforecast on series in a JSON file.

`python statsforecast_rival.py series.json answers.json`; one process, compiled before the clock starts.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from statsforecast.models import AutoETS, AutoTheta


def main(source: str, target: str) -> None:
    series = json.loads(Path(source).read_text())
    answers = {}
    for name, model in (("AutoETS", AutoETS), ("AutoTheta", AutoTheta)):
        run(model, series[0])
        started = time.process_time()
        answers[name] = {"rows": [run(model, one) for one in series]}
        answers[name]["seconds"] = time.process_time() - started
    Path(target).write_text(json.dumps(answers))


def run(model, one):
    found = model(season_length=one["period"]).forecast(
        y=np.array(one["known"]), h=one["horizon"], level=[80, 95]
    )
    return {key: np.asarray(values).tolist() for key, values in found.items() if key != "fitted"}


if __name__ == "__main__":
    main(*sys.argv[1:])
