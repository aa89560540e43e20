"""How this firm's ended projects ended: what a running one is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

PRIOR_PROJECTS = 5  # how many projects the assumptions below count for, until the firm has its own
PRIOR_SPREAD = 0.3  # of ln(hours / budget) between projects
PRIOR_TASKS = 20
PRIOR_TASK_SPREAD = 0.83  # of ln(hours / estimate) of a task: 10,022 tasks of SiP (Jones and Cullum 2019)


@dataclass(frozen=True)
class Experience:
    """What ended projects teach of ln(hours / budget).

    `centre` and `spread` are of whole projects, `task_spread` of single tasks, `share_over` the share of
    projects that ended over their budget; all are drawn towards "on budget" while `projects` is small.
    """

    projects: int
    centre: float
    spread: float
    task_spread: float
    share_over: float


def ended_by(state: pl.DataFrame, day: date) -> pl.DataFrame:
    """Projects (columns of marts.project_state) that had ended before `day`, with a budget and hours."""
    return state.filter(
        (pl.col("ended_on") < day) & (pl.col("budget_hours") > 0) & (pl.col("hours_to_date") > 0)
    )


def learn(ended: pl.DataFrame) -> Experience:
    """From projects that have ended, with a prior that counts for PRIOR_PROJECTS of them."""
    hours, budget = (ended[name].cast(pl.Float64).to_numpy() for name in ("hours_to_date", "budget_hours"))
    growth = np.log(hours / budget)
    known = len(growth) + PRIOR_PROJECTS
    centre = float(growth.sum() / known)
    squares = float(((growth - centre) ** 2).sum()) + PRIOR_PROJECTS * PRIOR_SPREAD**2
    tasks = ended["tasks_measured"].cast(pl.Float64).to_numpy()
    spreads = ended["task_spread"].cast(pl.Float64).fill_null(0).to_numpy()
    task_squares = float((tasks * spreads**2).sum()) + PRIOR_TASKS * PRIOR_TASK_SPREAD**2
    return Experience(
        projects=len(growth),
        centre=centre,
        spread=float(np.sqrt(squares / known)),
        task_spread=float(np.sqrt(task_squares / (tasks.sum() + PRIOR_TASKS))),
        share_over=float(((growth > 0).sum() + 1) / (len(growth) + 2)),
    )
