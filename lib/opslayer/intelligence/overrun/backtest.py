"""How right the model has been: each ended project at half of its budget, knowing only what was known then.

The naive rule is burn against time: share of budget spent over share of duration elapsed, above one is
trouble. Duration is the planned one; where no due date was kept, it is told the day the project would end.
Its probability is how often its verdict had come true in projects that had ended by then.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from opslayer.intelligence.overrun.completion import Floats, complete
from opslayer.intelligence.overrun.experience import learn_by
from opslayer.intelligence.overrun.forecast import MODEL, VERSION, standing
from opslayer.modelops.scores import auc, brier

NAIVE = "spent over elapsed"
HALF = 0.5  # of the budgeted hours
FEWEST_TASKS = 5  # a project of fewer has no half to be judged at
FEWEST_PROJECTS = 10


def replay(state: pl.DataFrame, progress: pl.DataFrame) -> pl.DataFrame:
    """One row an ended project at the end of the week in which half its budget was spent.

    project_id, origin (the Monday after), over (how it ended), probability, naive_ratio, naive_probability.
    Projects that ended before they reached the half, or in that very week, are not in it.
    """
    ended = state.filter(
        pl.col("ended_on").is_not_null() & (pl.col("budget_hours") > 0) & (pl.col("tasks") >= FEWEST_TASKS)
    )
    halves = (
        progress.join(
            ended.select("project_id", "budget_hours", "tasks", "first_time_on", "ended_on",
                         final=pl.col("hours_to_date"), start=pl.coalesce("starts_on", "first_time_on"),
                         planned_end=pl.coalesce("due_on", "ended_on")),
            on="project_id",
        )
        .filter(pl.col("hours_to_date") >= HALF * pl.col("budget_hours"))
        .sort("project_id", "week_start")
        .group_by("project_id", maintain_order=True)
        .first()
        .with_columns(
            origin=pl.col("week_start") + pl.duration(days=7), over=pl.col("final") > pl.col("budget_hours")
        )
        .filter(pl.col("origin") <= pl.col("ended_on"))
        .sort("origin", "project_id")
    )  # fmt: skip
    elapsed = (pl.col("origin") - pl.col("start")).dt.total_days() / (
        (pl.col("planned_end") - pl.col("start")).dt.total_days() + 1
    )
    spent = pl.col("hours_to_date").cast(pl.Float64) / pl.col("budget_hours").cast(pl.Float64)
    halves = halves.with_columns(naive_ratio=spent / elapsed)
    return halves.with_columns(
        probability=pl.Series(
            complete(standing(halves), learn_by(state, halves["origin"])).probability_over()
        ),
        naive_probability=pl.Series(_rates(halves)),
    ).select("project_id", "origin", "over", "probability", "naive_ratio", "naive_probability")


def backtest(state: pl.DataFrame, progress: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """AUC and Brier score of the model and of the naive rule; no rows with fewer than ten projects."""
    replayed = replay(state, progress)
    over = replayed["over"].to_numpy()
    if len(over) < FEWEST_PROJECTS or over.all() or not over.any():
        return pl.DataFrame(schema=SCHEMA)
    rows = [
        (model, metric, value)
        for model, score, probability in (
            (MODEL, "probability", "probability"),
            (NAIVE, "naive_ratio", "naive_probability"),
        )
        for metric, value in (
            ("auc", auc(over, replayed[score].to_numpy())),
            ("brier", brier(over, replayed[probability].to_numpy())),
        )
    ]
    return pl.DataFrame(
        [(as_of, model, metric, value, len(over), VERSION) for model, metric, value in rows],
        schema=SCHEMA,
        orient="row",
    )


def _rates(halves: pl.DataFrame) -> Floats:
    """How often the naive verdict on each project had come true in projects that had ended by its origin."""
    above = halves["naive_ratio"].to_numpy() > 1
    rates = np.empty(len(halves))
    for verdict in (True, False):
        judged = pl.Series(above == verdict)
        ended = halves.filter(judged).sort("ended_on")
        counts = ended["ended_on"].search_sorted(halves.filter(judged)["origin"], side="left").to_numpy()
        over = np.concatenate([[0], np.cumsum(ended["over"].to_numpy())])[counts]
        rates[above == verdict] = (over + 1) / (counts + 2)
    return rates


SCHEMA = {
    "as_of": pl.Date,
    "model": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
    "projects": pl.Int64,
    "model_version": pl.String,
}
