"""The change that is proposed, as rows a manager reads: who, where, when, from where, and what it costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import polars as pl

from opslayer.intelligence.staffing.need import first_monday
from opslayer.intelligence.staffing.optimiser import HALF_DAY, Problem, Solution, propose
from opslayer.intelligence.staffing.problem import CHANGES, problem_of
from opslayer.intelligence.tables import MONEY, typed

MODEL, VERSION = "worth most within limits", "1"
FREE_TIME = "free time"
ALLOWED_GAP = 0.01  # of the worth: the last hundredth would take most of the time
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(),
        "change_id": pl.String(),
        "week_start": pl.Date(),
        "role": pl.String(),
        "taken_from": pl.String(),
        "project_id": pl.String(),
        "project_name": pl.String(),
        "manager_name": pl.String(),
        "person_id": pl.String(),
        "person_name": pl.String(),
        "person_role": pl.String(),
        "taken_from_name": pl.String(),
        "hours": pl.Float64(),
        "gap_hours": pl.Float64(),
        "is_new_to_project": pl.Boolean(),
        "value_base": MONEY,
        "dearer_base": MONEY,
        "above_target_base": MONEY,
        "switching_base": MONEY,
        "bench_avoided_base": MONEY,
        "optimality_gap": pl.Float64(),
        "reasons": pl.String(),
        "model": pl.String(),
        "model_version": pl.String(),
    }
)


def staffing_change(
    need: pl.DataFrame, people: pl.DataFrame, plan: pl.DataFrame, skills: pl.DataFrame, teams: pl.DataFrame,
    *, as_of: date, changes: int = CHANGES,
) -> tuple[pl.DataFrame, str]:  # fmt: skip
    """The change worth most (columns of intelligence.staffing_change), and a note on the search.

    `need` has the columns of intelligence.staffing_need, the others those of the queries staffing_people,
    staffing_plan, skills and staffing_teams. Hours come in half days; one row a person, project, role, week
    and where their hours are taken from.
    """
    pair = ["project_id", "person_id"]
    crew = pl.concat([teams.select(pair), plan.select(pair)]).unique()
    problem, fits = problem_of(need, people, plan, skills, crew, as_of=as_of, changes=changes)
    solution = propose(problem, allowed_gap=ALLOWED_GAP)
    rows = pl.DataFrame(costed(problem, solution), schema=ROWS, orient="row")
    start = first_monday(as_of)
    person = people.unique("person_id", keep="first", maintain_order=True).select(
        "person_id", person_name=pl.coalesce("name", "person_id"), person_role="role"
    )
    project = need.unique("project_id", keep="first", maintain_order=True).select(
        "project_id", "manager_name", project_name=pl.coalesce("name", "project_id")
    )
    source = project.select(taken_from="project_id", taken_from_name="project_name")
    told = (
        rows.with_columns(week_start=pl.lit(start) + pl.duration(days=7 * pl.col("week")))
        .join(person, on="person_id", how="left")
        .join(project, on="project_id", how="left")
        .join(source, on="taken_from", how="left")
        .join(fits, on=["project_id", "role", "person_id"], how="left")
        .join(
            need.select("project_id", "role", "week_start", "gap_hours"),
            on=["project_id", "role", "week_start"],
            how="left",
        )
        .with_columns(
            pl.col("taken_from_name").fill_null(pl.col("taken_from")),
            as_of=pl.lit(as_of),
            change_id=pl.format("{} on {}", "person_id", "project_id"),
            is_new_to_project=~pl.col("is_team"),
            optimality_gap=pl.lit(solution.optimality_gap),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        )
        .with_columns(reasons=_reasons(solution.note))
        .sort("change_id", "role", "week_start", "taken_from")
    )
    return typed(told, SCHEMA), solution.note


def costed(problem: Problem, solution: Solution) -> list[tuple[Any, ...]]:
    """Rows (columns ROWS) of a solution; their money adds up to what the optimiser says it is worth.

    What a person is taken off is set against what they are put on from the last hour backwards; hours above
    their target are the last ones; joining and leaving stand in the first week of each.
    """
    given: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    taken: dict[tuple[str, int], list[str]] = defaultdict(list)
    for (person, project, role, week), units in sorted(solution.added.items()):
        given[person, week] += [(project, role)] * units
    for (person, project, _, week), units in sorted(solution.released.items()):
        taken[person, week] += [project] * units
    joined: set[tuple[str, str]] = set()
    left: set[tuple[str, str]] = set()
    rows = []
    for (person, week), places in sorted(given.items()):
        released = taken[person, week]
        own = len(places) - len(released)
        sources = [FREE_TIME] * own + released
        room = max(problem.room.get((person, week), 0.0), 0.0)
        for ((project, role), source), units in Counter(zip(places, sources, strict=True)).items():
            below = min(float(units), room) if source == FREE_TIME else 0.0
            above = units - below if source == FREE_TIME else 0.0
            room -= below
            switching = 0.0
            if (person, project) not in joined:
                joined.add((person, project))
                switching += problem.joining.get((person, project), 0.0)
            if source != FREE_TIME and (person, source) not in left:
                left.add((person, source))
                switching += problem.leaving.get((person, source), 0.0)
            rows.append(
                (
                    person, project, role, week, source, units * HALF_DAY, units * problem.worth[project],
                    units * problem.fits[project, role, person], above * problem.premium[person], switching,
                    below * problem.premium[person],
                )
            )  # fmt: skip
    return rows


def _reasons(note: str) -> pl.Expr:
    lacking = pl.format(
        "It lacks {} hours of {} that week.", pl.col("gap_hours").round(0).cast(pl.Int64), "role"
    )
    who = (
        pl.when("is_team").then(pl.lit(" Is on the team already."))
        .when(pl.col("skill").is_not_null()).then(pl.format(" Same practice; {}.", "skill"))
        .otherwise(pl.lit(" Same practice; no skills are recorded for it."))
    )  # fmt: skip
    grade = pl.when("is_above").then(pl.lit(" A grade above the one asked for.")).otherwise(pl.lit(""))
    source = (
        pl.when(pl.col("taken_from") == FREE_TIME).then(pl.lit(" Has the hours free."))
        .otherwise(pl.format(" {} is planned for more than its remaining work needs.", "taken_from_name"))
    )  # fmt: skip
    above = (
        pl.when(pl.col("above_target_base") > 0)
        .then(pl.lit(" Goes above the person's utilisation target; counted at what the hours cost."))
        .otherwise(pl.lit(""))
    )
    return pl.concat_str(lacking, who, grade, source, above, pl.lit(f" {note}" if note else ""))


ROWS = {
    "person_id": pl.String,
    "project_id": pl.String,
    "role": pl.String,
    "week": pl.Int64,
    "taken_from": pl.String,
    "hours": pl.Float64,
    "value_base": pl.Float64,
    "dearer_base": pl.Float64,
    "above_target_base": pl.Float64,
    "switching_base": pl.Float64,
    "bench_avoided_base": pl.Float64,
}
