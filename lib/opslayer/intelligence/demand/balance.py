"""Demand against capacity by practice, role and week: shortage and bench, with their probability.

Simulated: what remains of each project is drawn log-normally, as wide as its estimate at completion says;
each open deal is won or not and starts in one of three weeks. A deal keeps its own draws whatever becomes of
others, so two runs that differ in one deal differ only by it (common random numbers; Law, Simulation Modeling
and Analysis, 5th ed., 11.2).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from scipy.stats import norm

from opslayer.intelligence.demand.pipeline import WEIGHTS, Deals, Floats, weeks_from
from opslayer.intelligence.staffing.need import first_monday

MODEL, VERSION = "simulated projects and pipeline", "1"
PATHS = 1000
WEEKS = 13
WIDEST = 1.0  # standard deviation of ln(remaining hours) that a project is given at most
NO_PRACTICE = "not known"
KEY = ["practice", "role", "week_start"]
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "practice": pl.String(),
        "role": pl.String(),
        "week_start": pl.Date(),
        "available_hours": pl.Float64(),
        "capacity_hours": pl.Float64(),
        "assigned_hours": pl.Float64(),
        "project_hours": pl.Float64(),
        "pipeline_hours": pl.Float64(),
        "demand_hours": pl.Float64(),
        "lower_80": pl.Float64(),
        "upper_80": pl.Float64(),
        "shortage_hours": pl.Float64(),
        "bench_hours": pl.Float64(),
        "probability_short": pl.Float64(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def capacity(people: pl.DataFrame) -> pl.DataFrame:
    """Hours by practice, role and week: available, meant to be billable (by each person's target), assigned.

    `people` has the columns of the query staffing_people. Without a target all available hours count.
    """
    hours = pl.col("available_hours").cast(pl.Float64)
    return (
        people.with_columns(pl.col("practice", "role").fill_null(NO_PRACTICE))
        .group_by(KEY)
        .agg(
            available_hours=hours.sum(),
            capacity_hours=(hours * pl.col("utilisation_target").fill_null(1.0)).sum(),
            assigned_hours=pl.col("assigned_hours").cast(pl.Float64).sum(),
        )
    )


def capacity_balance(
    people: pl.DataFrame, need: pl.DataFrame, work: pl.DataFrame, deals: Deals, *, as_of: date, seed: int = 0
) -> pl.DataFrame:
    """One row a practice, role and week (columns of intelligence.capacity_balance), for WEEKS weeks.

    `need` are the hours of projects under way (columns of intelligence.staffing_need) and `work` the projects
    themselves, with the interval of their estimate at completion (columns of the query staffing_work).
    """
    weeks = weeks_from(first_monday(as_of), WEEKS)
    asked = need.with_columns(pl.col("practice").fill_null(NO_PRACTICE))
    keys = _cells(capacity(people), asked, deals)
    place = {key: number for number, key in enumerate(keys)}
    projects = _projects(asked, spreads(work), place, weeks, seed)
    pipeline, expected = _pipeline(deals, place, weeks, seed)
    demand = projects + pipeline
    cells = pl.DataFrame(keys, schema={"practice": pl.String, "role": pl.String}, orient="row").join(
        pl.DataFrame({"week_start": weeks[:-1]}), how="cross", maintain_order="left_right"
    )
    held = cells.join(capacity(people), on=KEY, how="left", maintain_order="left").with_columns(
        pl.col("available_hours", "capacity_hours", "assigned_hours").fill_null(0.0)
    )
    most = held["capacity_hours"].to_numpy().reshape(len(keys), WEEKS)
    mean = _table(asked, place, weeks)
    found = {
        "project_hours": mean,
        "pipeline_hours": expected,
        "demand_hours": mean + expected,
        "lower_80": np.quantile(demand, 0.1, axis=0) if len(keys) else mean,
        "upper_80": np.quantile(demand, 0.9, axis=0) if len(keys) else mean,
        "shortage_hours": np.maximum(demand - most, 0).mean(axis=0),
        "bench_hours": np.maximum(most - demand, 0).mean(axis=0),
        "probability_short": (demand > most + 0.5).mean(axis=0),
    }
    return (
        held.with_columns(**{name: pl.Series(np.round(grid.ravel(), 4)) for name, grid in found.items()})
        .with_columns(
            as_of=pl.lit(as_of),
            reasons=pl.Series(_reasons(deals, place, weeks), dtype=pl.String),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .with_columns(
            pl.format(
                "{} hours are meant to be billed; projects under way need {}, open deals {}{}",
                *(
                    pl.col(name).round(0).cast(pl.Int64)
                    for name in ("capacity_hours", "project_hours", "pipeline_hours")
                ),
                "reasons",
            ).alias("reasons")
        )
        .select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
        .sort(KEY)
    )


def spreads(work: pl.DataFrame) -> dict[str, float]:
    """Standard deviation of ln(remaining hours) by project, from the 80% interval of its completion."""
    booked = pl.col("hours_to_date").cast(pl.Float64)
    ratio = (pl.col("upper_80") - booked) / (pl.col("lower_80") - booked)
    width = float(2 * norm.ppf(0.9))
    found = work.select("project_id", spread=(ratio.log() / width).fill_nan(None).clip(0.0, WIDEST))
    return {project: spread if spread is not None else 0.0 for project, spread in found.iter_rows()}


def _cells(held: pl.DataFrame, need: pl.DataFrame, deals: Deals) -> list[tuple[str, str]]:
    wanted = {
        (practice or NO_PRACTICE, role)
        for row, practice in enumerate(deals.frame["practice"])
        for role, hours in zip(deals.roles, deals.hours[row], strict=True)
        if hours > 0
    }
    return sorted(
        {*held.select("practice", "role").iter_rows(), *need.select("practice", "role").iter_rows()} | wanted
    )


def _table(need: pl.DataFrame, place: dict[tuple[str, str], int], weeks: list[date]) -> Floats:
    """Hours of projects, shape (cells, weeks)."""
    grid = np.zeros((len(place), WEEKS))
    for practice, role, day, hours in need.select(*KEY, "need_hours").iter_rows():
        week = (day - weeks[0]).days // 7
        if week < WEEKS:
            grid[place[practice, role], week] += hours
    return grid


def _projects(
    need: pl.DataFrame,
    spread: dict[str, float],
    place: dict[tuple[str, str], int],
    weeks: list[date],
    seed: int,
) -> Floats:
    """Drawn hours of projects, shape (PATHS, cells, weeks)."""
    names = sorted(need["project_id"].unique())
    row = {name: number for number, name in enumerate(names)}
    grid = np.zeros((len(names), len(place) * WEEKS))
    for project, practice, role, day, hours in need.select("project_id", *KEY, "need_hours").iter_rows():
        week = (day - weeks[0]).days // 7
        if week < WEEKS:
            grid[row[project], place[practice, role] * WEEKS + week] += hours
    sigma = np.array([spread.get(name, 0.0) for name in names])
    draws = np.random.default_rng([seed, 0]).standard_normal((PATHS, len(names)))
    factor = np.exp(draws * sigma)  # its median is the estimate
    drawn: Floats = (factor @ grid).reshape(PATHS, len(place), WEEKS)
    return drawn


def _pipeline(
    deals: Deals, place: dict[tuple[str, str], int], weeks: list[date], seed: int
) -> tuple[Floats, Floats]:
    """Drawn hours of open deals, shape (PATHS, cells, weeks), and expected ones, shape (cells, weeks)."""
    drawn = np.zeros((PATHS, len(place), WEEKS))
    expected = np.zeros((len(place), WEEKS))
    share = deals.spread(weeks)[:, :, :WEEKS]
    mean = deals.expected(weeks)[:, :WEEKS]
    chance = np.random.default_rng([seed, 1])
    # one draw a deal says whether it is won, another when: their order is the order of keys
    won, case = chance.random((2, len(deals.frame), PATHS))
    edges = np.cumsum(WEIGHTS)[:-1]
    for row, practice in enumerate(deals.frame["practice"]):
        needed = np.flatnonzero(deals.hours[row])
        cells = [place[practice or NO_PRACTICE, deals.roles[role]] for role in needed]
        hours = deals.hours[row, needed]
        paths = np.flatnonzero(won[row] < deals.probability[row])
        when = share[row][np.searchsorted(edges, case[row, paths])]
        for cell, amount in zip(cells, hours, strict=True):
            drawn[paths, cell] += amount * when
            expected[cell] += amount * mean[row]
    return drawn, expected


def _reasons(deals: Deals, place: dict[tuple[str, str], int], weeks: list[date]) -> list[str]:
    """The open deal that asks most of each cell."""
    mean = deals.expected(weeks)[:, :WEEKS]
    best = np.zeros((len(place), WEEKS))
    name = np.full((len(place), WEEKS), "", dtype=object)
    for row, (practice, deal) in enumerate(deals.frame.select("practice", "name").iter_rows()):
        for role in np.flatnonzero(deals.hours[row]):
            cell = place[practice or NO_PRACTICE, deals.roles[role]]
            hours = deals.hours[row, role] * mean[row]
            more = hours > best[cell]
            best[cell] = np.where(more, hours, best[cell])
            name[cell] = np.where(more, deal, name[cell])
    return [
        f" (most for {deal}, {hours:,.0f})." if deal and hours >= 1 else "."
        for deal, hours in zip(name.ravel(), best.ravel(), strict=True)
    ]
