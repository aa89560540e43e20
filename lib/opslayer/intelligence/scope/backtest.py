"""How right such intervals would have been: the projects that ended last, as if they had been asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from opslayer.intelligence.scope.estimate import LEAST, estimate
from opslayer.intelligence.scope.similar import Asked, Past, most_similar

MODEL, VERSION, BASELINE = "similar projects", "1", "as agreed, with the ratios of all"
TESTED = 150  # projects


def backtest(past: Past, *, as_of: date) -> pl.DataFrame:
    """model, metric, value and projects: coverage of the 80 % interval, and the error of the middle.

    Each project is asked for with its practice, size and client on the day it began, knowing only what had
    ended by then. The baseline takes the hours as agreed, and the interval from all that had ended.
    """
    tested = past.projects.sort("ended_on", "project_id").tail(TESTED)
    rows = [row for project in tested.to_dicts() if (row := _one(project, past)) is not None]
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    held = np.array(rows)
    measured = [
        (MODEL, "coverage_80", held[:, 0].mean()),
        (MODEL, "error", np.exp(held[:, 1].mean()) - 1),
        (BASELINE, "coverage_80", held[:, 2].mean()),
        (BASELINE, "error", np.exp(held[:, 3].mean()) - 1),
    ]
    return pl.DataFrame(
        [
            {"as_of": as_of, "model": model, "metric": metric, "value": float(value), "projects": len(rows),
             "model_version": VERSION}
            for model, metric, value in measured
        ],
        schema=SCHEMA,
    )  # fmt: skip


def _one(project: dict[str, Any], past: Past) -> tuple[float, float, float, float] | None:
    """Within the interval, distance of the middle as ln, and both for the baseline."""
    known = past.ended_before(project["starts_on"])
    if len(known.projects) < LEAST:
        return None
    asked, took = float(project["budget_hours"]), float(project["hours"])
    like = Asked(practice=project["practice"], hours=asked, party_id=project["party_id"])
    ours = estimate(asked, most_similar(like, known), weeks=1.0)
    plain = estimate(asked, most_similar(Asked(), known, count=len(known.projects)), weeks=1.0)
    return (
        float(ours.lower <= took <= ours.upper),
        abs(float(np.log(took / ours.hours))),
        float(plain.lower <= took <= plain.upper),
        abs(float(np.log(took / asked))),
    )


SCHEMA = {
    "as_of": pl.Date, "model": pl.String, "metric": pl.String, "value": pl.Float64, "projects": pl.Int64,
    "model_version": pl.String,
}  # fmt: skip
