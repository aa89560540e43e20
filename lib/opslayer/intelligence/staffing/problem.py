"""The optimiser's problem, from the tables of what is needed, who is planned and who could be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

import polars as pl

from opslayer.intelligence.staffing.fit import candidates
from opslayer.intelligence.staffing.need import first_monday
from opslayer.intelligence.staffing.optimiser import HALF_DAY, Cell, Problem, ceilings

CHANGES = 12  # people and projects brought together or apart: what one person can look through and arrange
PROJECTS = 24  # those that lack most money's worth are looked at
CANDIDATES = 8  # for each role of each, those who would be worth most there by themselves
ONBOARDING_HOURS = 8.0  # of a person who is new to a project
HANDOVER_HOURS = 4.0  # of one who leaves it


def problem_of(
    need: pl.DataFrame, people: pl.DataFrame, plan: pl.DataFrame, skills: pl.DataFrame, crew: pl.DataFrame,
    *, as_of: date, changes: int = CHANGES,
) -> tuple[Problem, pl.DataFrame]:  # fmt: skip
    """The optimiser's problem, and who fits where (columns of fit.candidates); `crew` is who is on what."""
    start = first_monday(as_of)
    week = (pl.col("week_start") - pl.lit(start)).dt.total_days().floordiv(7)
    lacking = need.with_columns(week=week, units=_half_days("gap_hours")).filter(pl.col("units") > 0)
    price = pl.col("price_base").cast(pl.Float64).fill_null(0.0)
    chosen = (
        lacking.group_by("project_id")
        .agg((pl.col("units") * price).sum().alias("worth"), pl.col("units").sum())
        .sort("worth", "units", "project_id", descending=[True, True, False])
        .head(PROJECTS)
    )
    lacking = lacking.join(chosen.select("project_id"), on="project_id", how="semi")
    sparing = need.with_columns(week=week, units=_half_days("surplus_hours")).filter(pl.col("units") > 0)
    each = people.unique("person_id", keep="first", maintain_order=True)
    fits = candidates(lacking, each, skills, crew)
    cost, usual = _costs(each)
    weeks = people.with_columns(week=week)
    below = (
        pl.col("available_hours").cast(pl.Float64) * pl.col("utilisation_target").fill_null(1.0)
        - pl.col("assigned_hours").cast(pl.Float64)
    ).clip(lower_bound=0)
    held = plan.with_columns(week=week, units=_half_days("hours")).filter(pl.col("units") > 0)
    held = held.join(
        sparing.select("project_id", "role", "week"), on=["project_id", "role", "week"], how="semi"
    )
    on_it = set(crew.select("project_id", "person_id").iter_rows())
    problem = Problem(
        gap=_cells(lacking),
        spare=_cells(sparing),
        free={
            (person, n): units
            for person, n, units in weeks.select("person_id", "week", _half_days("free_hours")).iter_rows()
        },
        room={
            (person, n): units
            for person, n, units in weeks.select("person_id", "week", (below / HALF_DAY).floor()).iter_rows()
        },
        fits={
            (project, role, person): max(cost[person] - usual[role], 0.0) * HALF_DAY
            for project, role, person in fits.select("project_id", "role", "person_id").iter_rows()
        },
        worth={
            project: value * HALF_DAY
            for project, value in lacking.select("project_id", _price(people)).unique().iter_rows()
        },
        premium={person: value * HALF_DAY for person, value in cost.items()},
        joining={
            (person, project): 0.0 if (project, person) in on_it else cost[person] * ONBOARDING_HOURS
            for project, person in fits.select("project_id", "person_id").unique().iter_rows()
        },
        leaving={
            (person, project): cost.get(person, 0.0) * HANDOVER_HOURS
            for project, person in held.select("project_id", "person_id").unique().iter_rows()
        },
        held={
            (person, project, role, n): units
            for person, project, role, n, units in held.select(
                "person_id", "project_id", "role", "week", "units"
            ).iter_rows()
        },
        changes=changes,
    )
    return best_alone(problem), fits


def best_alone(problem: Problem) -> Problem:
    """The problem with CANDIDATES people for each role of a project: those worth most there by themselves."""
    alone: dict[tuple[str, str, str], float] = defaultdict(float)
    for (person, project, role, _), units in ceilings(problem).items():
        alone[project, role, person] += units * (problem.worth[project] - problem.fits[project, role, person])
    ranked: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for (project, role, person), worth in alone.items():
        ranked[project, role].append((problem.joining.get((person, project), 0.0) - worth, person))
    kept = {
        (project, role, person)
        for (project, role), people in ranked.items()
        for _, person in sorted(people)[:CANDIDATES]
    }
    return replace(problem, fits={key: cost for key, cost in problem.fits.items() if key in kept})


def _half_days(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Float64) / HALF_DAY + 1e-9).floor().cast(pl.Int64)


def _cells(frame: pl.DataFrame) -> dict[Cell, int]:
    rows = frame.select("project_id", "role", "week", "units").iter_rows()
    return {(project, role, week): units for project, role, week, units in rows}


def _price(people: pl.DataFrame) -> pl.Expr:
    """What an hour is sold at on a project; the firm's mean price where its budget does not say."""
    mean = people["bill_rate_base"].cast(pl.Float64).mean() or 0.0
    return pl.col("price_base").cast(pl.Float64).fill_null(mean)


def _costs(each: pl.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """What an hour of each person costs, and one of each role usually does; the firm's mean where unknown."""
    cost = pl.col("cost_rate_base").cast(pl.Float64)
    mean = each["cost_rate_base"].cast(pl.Float64).mean() or 0.0
    people = dict(each.select("person_id", cost.fill_null(mean)).iter_rows())
    roles = each.group_by("role").agg(cost.mean().fill_null(mean).alias("cost"))
    return people, defaultdict(lambda: float(mean), roles.filter(pl.col("role").is_not_null()).iter_rows())  # type: ignore[arg-type]
