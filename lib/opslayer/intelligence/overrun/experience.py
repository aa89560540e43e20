"""How this firm's ended projects ended: what a running one is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

PRIOR_PROJECTS = 5  # how many projects the assumptions below count for, until the firm has its own
PRIOR_SPREAD = 0.3  # of ln(hours / budget) between projects
PRIOR_TASKS = 20
PRIOR_TASK_SPREAD = 0.83  # of ln(hours / estimate) of a task: 10,022 tasks of SiP (Jones and Cullum 2019)


@dataclass(frozen=True)
class Experience:
    """What ended projects teach of ln(hours / budget); numbers, or one element a day that was asked for.

    `centre` and `spread` are of whole projects, `task_spread` of single tasks, `share_over` the share of
    projects that ended over their budget; all are drawn towards "on budget" while `projects` is small.
    """

    projects: int | Whole
    centre: float | Floats
    spread: float | Floats
    task_spread: float | Floats
    share_over: float | Floats


def ended_by(state: pl.DataFrame, day: date) -> pl.DataFrame:
    """Projects (columns of marts.project_state) that had ended before `day`, with a budget and hours."""
    return state.filter(
        (pl.col("ended_on") < day) & (pl.col("budget_hours") > 0) & (pl.col("hours_to_date") > 0)
    )


def learn(ended: pl.DataFrame) -> Experience:
    """From projects that have ended, with a prior that counts for PRIOR_PROJECTS of them."""
    projects, *others = _after(ended, np.array([len(ended)]))
    return Experience(int(projects[0]), *(float(value[0]) for value in others))


def learn_by(state: pl.DataFrame, days: pl.Series) -> Experience:
    """For each of `days`, from the projects that had ended before it: one pass over all of them."""
    ended = ended_by(state, date.max).sort("ended_on")
    return Experience(*_after(ended, ended["ended_on"].search_sorted(days, side="left").to_numpy()))


def _after(ended: pl.DataFrame, counts: Whole) -> tuple[Whole, Floats, Floats, Floats, Floats]:
    """The fields of Experience from the first `count` of `ended`, for each of `counts`."""
    hours, budget, tasks = (
        ended[name].cast(pl.Float64).to_numpy()
        for name in ("hours_to_date", "budget_hours", "tasks_measured")
    )
    spreads = ended["task_spread"].cast(pl.Float64).fill_null(0).to_numpy()
    growth = np.log(hours / budget)
    total, squares, over, measured, within = (
        np.concatenate([[0.0], np.cumsum(values)])[counts]
        for values in (growth, growth**2, growth > 0, tasks, tasks * spreads**2)
    )
    known = counts + PRIOR_PROJECTS
    centre = total / known
    around = squares - 2 * centre * total + counts * centre**2 + PRIOR_PROJECTS * PRIOR_SPREAD**2
    return (
        counts,
        centre,
        np.sqrt(around / known),
        np.sqrt((within + PRIOR_TASKS * PRIOR_TASK_SPREAD**2) / (measured + PRIOR_TASKS)),
        (over + 1) / (counts + 2),
    )
