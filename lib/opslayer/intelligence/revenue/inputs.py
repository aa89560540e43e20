"""What the forecast is made of, and how much of it was known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.layer import Queries

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Inputs:
    """Frames of the queries of the same names: opportunity_history, revenue_projects, work_week,
    revenue_day."""

    deals: pl.DataFrame
    projects: pl.DataFrame
    work: pl.DataFrame
    revenue: pl.DataFrame


@dataclass(frozen=True)
class Work:
    """Billable value by project and week, base currency; `values` has the shape (projects, weeks).

    Rows are those of `projects`, column t is the week that starts on `first` + 7 t. Only weeks that are
    full. `created` and `ended` count weeks: how many are full once it is known that the deal behind it was
    created (none: never), and that it ended.
    """

    projects: pl.DataFrame
    first: date
    values: Floats
    created: Integers
    ended: Integers

    @property
    def weeks(self) -> int:
        return int(self.values.shape[1])

    def monday(self, week: int) -> date:
        return self.first + timedelta(weeks=week)


NEVER = 1_000_000


def gather(layer: Queries) -> Inputs:
    return Inputs(
        layer.query("opportunity_history"),
        layer.query("revenue_projects"),
        layer.query("work_week"),
        layer.query("revenue_day"),
    )


def worked(inputs: Inputs, day: date) -> Work:
    """Work of the weeks that were full at the end of `day`."""
    full = inputs.work.filter(pl.col("week_start") + timedelta(days=6) <= day)
    last = day - timedelta(days=(day.weekday() + 1) % 7)  # the Sunday that ends the last full week
    first = full["week_start"].min() if len(full) else last - timedelta(days=6)
    assert isinstance(first, date)
    weeks = (last - first).days // 7 + 1
    projects = inputs.projects
    place = projects.select("project_id").with_row_index("row")
    cells = full.join(place, on="project_id").select(
        "row",
        week=((pl.col("week_start") - first).dt.total_days() // 7),
        value=pl.col("value_base").cast(pl.Float64),
    )
    values = np.zeros((len(projects), weeks))
    np.add.at(
        values,
        (cells["row"].to_numpy(), cells["week"].to_numpy()),
        np.maximum(cells["value"].to_numpy(), 0.0),
    )
    created = inputs.deals.group_by("opportunity_id").agg(pl.col("created_on").first())
    linked = projects.join(created, on="opportunity_id", how="left", maintain_order="left")
    return Work(
        projects,
        first,
        values,
        full_weeks(linked["created_on"], first, known=True),
        full_weeks(projects["ended_on"], first, known=True),
    )


def full_weeks(days: pl.Series, first: date, *, known: bool = False) -> Integers:
    """How many weeks since `first` were full at the end of each day; NEVER where there is no day.

    `known`: how many are full before what happens on the day is known.
    """
    later = 7 if known else 1
    number = days.to_frame("day").select(((pl.col("day") - first).dt.total_days() + later) // 7).to_series()
    return number.fill_null(NEVER).cast(pl.Int64).to_numpy()
