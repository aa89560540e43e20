"""Projects behind the invoices: one chain a client and practice, each with tasks, budget and milestones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.demo import facts
from opslayer.demo.calendar import Days, Month, number

Ints = NDArray[np.int64]
END_A_MONTH = 0.1  # chance that a project ends with a month
TASK_QUARTERS = 280  # a task is about 70 hours
GROWTH = (-0.02, 0.12)  # mean and sd of ln(hours / budget) of a project: closer than SiP's, 0.14 and 0.43
OVER = (1.9, 1.82, 1.74, 1.66, 1.58, 1.5, 1.42, 1.35)  # what the planted projects will need of their budget


@dataclass(frozen=True)
class Projects:
    """Client projects and their tasks, hours in quarters; `month` has the quarters of each month.

    `project`: index, client, service, first and last month, worked (to date), total (when it is done),
    is_active, is_fixed. `task`: project, start and end on the project's line of quarters, budget.
    """

    project: pl.DataFrame
    month: pl.DataFrame
    task: pl.DataFrame
    planted: Ints


def projects(billed: pl.DataFrame, calendar: list[Month], *, seed: int) -> Projects:
    """From what was billed (client, service, month, quarters): who worked for whom, when, how long."""
    chance = np.random.default_rng([seed, 22])
    last = len(calendar) - 1
    chains = billed.group_by("client", "service", "month").agg(pl.col("quarters").sum())
    chains = chains.sort("client", "service", "month")
    fresh = pl.struct("client", "service").rle_id().diff().fill_null(1) > 0
    gap = pl.col("month").diff().fill_null(1) > 4  # after a quarter without work it is another project
    ends = pl.Series(chance.random(len(chains)) < END_A_MONTH)
    month = chains.with_columns(project=(fresh | gap | ends).cast(pl.Int64).cum_sum() - 1)
    month = month.with_columns(project=pl.col("project") - pl.col("project").min())
    project = month.group_by("project", maintain_order=True).agg(
        pl.col("client", "service").first(),
        first=pl.col("month").min(),
        last=pl.col("month").max(),
        worked=pl.col("quarters").sum(),
    )
    count = len(project)
    is_active = project["last"].to_numpy() >= last - 1
    left = chance.uniform(0.3, 0.9, count)
    worked = project["worked"].to_numpy()
    total = np.where(is_active, np.rint(worked / left), worked).astype(np.int64)
    project = project.with_columns(
        total=pl.Series(total), is_active=pl.Series(is_active), is_fixed=pl.Series(chance.random(count) < 0.3)
    )
    task, planted = _tasks(chance, project)
    return Projects(project, month.select("project", "month", "quarters", "service"), task, planted)


def _tasks(chance: np.random.Generator, project: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """Tasks one after another; what each took against its budget is spread as the public tasks are.

    A project's budget is its hours over its growth. The planted ones have grown most; of the others some end
    over their budget and some within, as the ended ones did.
    """
    total = project["total"].to_numpy()
    tasks = np.clip(total // TASK_QUARTERS + 3, 3, 60)
    owner = np.repeat(np.arange(len(total)), tasks)
    shares, ratios = zip(*facts.TASK_RATIO, strict=True)
    ratio = np.interp(chance.random(len(owner)), shares, ratios)
    planned = chance.gamma(3.0, 1.0, len(owner))
    effort = planned * ratio
    effort *= (total / np.bincount(owner, effort))[owner]
    before = np.concatenate([[0], np.cumsum(total)[:-1]])
    end = np.rint(np.cumsum(effort)).astype(np.int64) - before[owner]
    final = np.cumsum(tasks) - 1
    end[final] = total
    start = np.concatenate([[0], end[:-1]])
    start[final - tasks + 1] = 0

    worked = project["worked"].to_numpy()
    share = worked / total
    fit = np.flatnonzero(project["is_active"].to_numpy() & (share > 0.45) & (share < 0.85))
    planted = fit[np.argsort(-total[fit], kind="stable")][: len(OVER)]
    growth = np.exp(chance.normal(GROWTH[0], GROWTH[1], len(total)))
    growth[planted] = OVER[: len(planted)]
    budget = planned * (total / growth / np.bincount(owner, planned))[owner]
    frame = pl.DataFrame(
        {"project": owner, "start": start, "end": end, "budget": np.maximum(np.rint(budget), 1)}
    )
    return frame, planted


def project_id(index: pl.Expr) -> pl.Expr:
    return pl.format("J{}", (index + 1).cast(pl.String).str.zfill(5))


def month_days(calendar: list[Month]) -> tuple[Days, Days]:
    """First and last day of each month, as numbers."""
    return (
        np.array([number(m.first) for m in calendar]),
        np.array([number(m.last) for m in calendar]),
    )
