"""Three years of projects: who worked on what, what was done, and which of them are heading over budget.

People of a practice are put on projects week by week, as they come free; their days become time entries, and
the hours so far say which tasks are done. A project's budget is what it takes in the end over its growth
ratio; that ratio is what is planted, and what the product has to find.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.demo import facts
from opslayer.demo.calendar import Month, number, weekday
from opslayer.demo.parties import Clients, client_id
from opslayer.demo.staff import Staff, person_id, person_table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# ln(hours / estimate) of SiP (Jones and Cullum 2019): sd 0.83 over 10,022 tasks; median 0.14 and sd 0.43 over
# the 44 ended work packages of more than 50 hours. A firm that sells fixed prices keeps closer than that.
SPREAD_TASKS = 0.5
SPREAD_PROJECTS = 0.12
HOURS = (1500.0, 0.7)  # median and sigma of ln of a project's hours
WEEKS = 14  # that a team plans for
IDLE = 0.14  # share of people between projects
ABSENT = 0.10  # share of days: leave, sickness, holidays
PLANTED = 8  # running projects that head over budget
PLANTED_RATIO = (1.35, 1.9)
OVER = 1.10  # hours over budget from which a project counts as heading over, in the key


@dataclass
class Plan:
    """Assignments while they are made: for each, its project and person, from its first week to its last."""

    project: list[int]
    person: list[int]
    start: list[int]
    weeks: list[int]


def tables(
    months: list[Month], known: Clients, people: Staff, *, seed: int, key: dict[str, object]
) -> dict[str, pl.DataFrame]:
    """The template tables person, project, task and time_entry; the answers go into `key`."""
    chance = np.random.default_rng([seed, 32])
    first, last = number(months[0].first), number(months[-1].last)
    monday = first + (7 - int(weekday(np.array([first]))[0])) % 7
    weeks = (last - monday) // 7 + 1
    plan, starts, lengths, practice = _staffed(people, weeks, chance)
    entries = _days(plan, people, monday, last, chance)
    count = len(starts)
    booked = np.bincount(entries["project"], weights=entries["hours"], minlength=count).astype(np.float64)
    elapsed = np.clip(weeks - starts, 1, lengths)
    running = starts + lengths > weeks
    final = np.where(running, booked * lengths / elapsed, booked)
    ratio, late = _ratios(running, elapsed / lengths, booked, chance)
    budget = np.maximum(np.round(final / ratio, -1), 10)
    tasks = _tasks(budget, final, late, chance)
    planned = np.maximum(np.round(lengths / ratio), 2).astype(np.int64)
    entries, tasks = _with_tasks(entries, tasks, booked, final)
    clients = chance.choice(known.count, count, p=known.weight)
    key["projects_over"] = _answers(running, ratio, budget, final, booked)
    return {
        "person": person_table(people),
        "project": _project_table(
            entries, people, plan, clients, practice, budget, running, monday, starts, planned
        ),
        "task": tasks.select(TASK),
        "time_entry": _entry_table(entries),
    }


def _staffed(
    people: Staff, weeks: int, chance: np.random.Generator
) -> tuple[Plan, Integers, Integers, Integers]:
    """Projects of each practice, week by week, while more people are free than the bench takes."""
    plan = Plan([], [], [], [])
    starts: list[int] = []
    lengths: list[int] = []
    practices: list[int] = []
    for practice in range(len(facts.SERVICES)):
        members = np.flatnonzero(people.practice == practice)
        if not len(members):
            continue
        # nobody starts on the same day: the firm was at work before its books begin
        free = chance.integers(0, WEEKS, len(members))
        for week in range(weeks):
            idle = chance.permutation(np.flatnonzero(free <= week))
            while len(idle) > max(1, IDLE * len(members)):
                hours = float(np.clip(chance.lognormal(np.log(HOURS[0]), HOURS[1]), 200, 9000))
                team = int(np.clip(round(hours / (WEEKS * 33)), 1, min(8, len(idle))))
                length = int(np.clip(np.ceil(hours / (team * 33)), 3, 45))
                for person in idle[:team]:
                    plan.project.append(len(starts))
                    plan.person.append(int(members[person]))
                    plan.start.append(week)
                    plan.weeks.append(length)
                free[idle[:team]] = week + length
                idle = idle[team:]
                starts.append(week)
                lengths.append(length)
                practices.append(practice)
    return plan, np.array(starts), np.array(lengths), np.array(practices)


def _days(plan: Plan, people: Staff, monday: int, last: int, chance: np.random.Generator) -> pl.DataFrame:
    """Two entries a person and working day on a project: project, person, day, hours in quarters."""
    spans = np.array(plan.weeks) * 5
    assignment = np.repeat(np.arange(len(spans)), spans)
    nth = np.arange(len(assignment)) - np.repeat(np.cumsum(spans) - spans, spans)
    day = monday + 7 * (np.array(plan.start)[assignment] + nth // 5) + nth % 5
    there = (day <= last) & (chance.random(len(day)) >= ABSENT)
    assignment, day = assignment[there], day[there]
    person = np.array(plan.person)[assignment]
    quarters = np.round(4 * people.hours_a_day[person] * chance.uniform(0.78, 1.02, len(day))).astype(
        np.int64
    )
    morning = np.clip(np.round(quarters * chance.uniform(0.3, 0.7, len(day))), 1, None).astype(np.int64)
    both = {
        "project": np.tile(np.array(plan.project)[assignment], 2),
        "person": np.tile(person, 2),
        "day": np.tile(day, 2),
        "half": np.repeat([0, 1], len(day)),
        "hours": np.concatenate([morning, np.maximum(quarters - morning, 1)]) / 4,
    }
    return pl.DataFrame(both).sort("project", "day", "person", "half")


def _ratios(
    running: NDArray[np.bool_], elapsed: Floats, booked: Floats, chance: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """Hours at completion over budget, and whether the overrun comes in the second half of the tasks."""
    ratio = np.exp(chance.normal(-0.02, SPREAD_PROJECTS, len(running)))
    # of those that run, who is not planted ends within its budget
    ratio = np.where(running, np.minimum(ratio, 0.98), ratio)
    seen = np.flatnonzero(running & (elapsed > 0.45) & (elapsed < 0.9) & (booked > 300))
    chosen = chance.permutation(seen)[: min(PLANTED, max(1, len(seen) // 4))]
    ratio[chosen] = np.linspace(*PLANTED_RATIO, len(chosen))
    late = np.zeros(len(running), dtype=bool)
    late[chosen[: len(chosen) // 4]] = True
    return ratio, late & (elapsed > 0.7)


def _tasks(
    budget: Floats, final: Floats, late: NDArray[np.bool_], chance: np.random.Generator
) -> pl.DataFrame:
    """Tasks in the order they are done: project, budget_hours, until (the project's hours by then)."""
    counts = np.clip(np.round(budget / 70), 4, 60).astype(np.int64)
    project = np.repeat(np.arange(len(budget)), counts)
    nth = np.arange(len(project)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = chance.gamma(3.0, 1.0, len(project))
    effort = share * np.exp(chance.normal(0, SPREAD_TASKS, len(project)))
    effort *= np.where(late[project] & (nth >= counts[project] // 3), 1.8, 1.0)
    frame = pl.DataFrame({"project": project, "nth": nth, "share": share, "effort": effort})
    planned = pl.Series(budget)[frame["project"]]
    total = pl.Series(final)[frame["project"]]
    return frame.with_columns(
        budget_hours=(pl.col("share") / pl.col("share").sum().over("project") * planned).round(1),
        until=pl.col("effort").cum_sum().over("project") / pl.col("effort").sum().over("project") * total,
    ).with_row_index("task")


def _with_tasks(
    entries: pl.DataFrame,
    tasks: pl.DataFrame,
    booked: Floats,
    final: Floats,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each entry with the task its hours fall into, each task with the day it was done."""
    # projects end to end on one line of hours, so that one search does for all of them
    offset = np.concatenate([[0.0], np.cumsum(np.maximum(booked, final) + 1)])[:-1]
    reached = entries.with_columns(so_far=pl.col("hours").cum_sum().over("project"))
    at = offset[reached["project"].to_numpy()] + reached["so_far"].to_numpy()
    until = offset[tasks["project"].to_numpy()] + tasks["until"].to_numpy()
    middle = at - reached["hours"].to_numpy() / 2
    task = np.minimum(np.searchsorted(until, middle), len(until) - 1)
    project = tasks["project"].to_numpy()
    # rounding may push the last hours of a project past its last task
    task = np.where(project[task] == reached["project"].to_numpy(), task, task - 1)
    done_by = np.searchsorted(at, until - 1e-6)
    closed = np.minimum(done_by, len(at) - 1)
    is_done = (done_by < len(at)) & (reached["project"].to_numpy()[closed] == project)
    days = pl.Series(reached["day"].to_numpy()[closed])
    tasks = tasks.with_columns(
        done=pl.Series(is_done),
        completed_on=pl.when(pl.Series(is_done)).then(days.cast(pl.Int32).cast(pl.Date).cast(pl.String)),
    ).with_columns(
        task_id=_numbered("T", pl.col("task"), 6),
        project_id=_numbered("J", pl.col("project"), 5),
        name=pl.format("Work package {}", pl.col("nth") + 1),
        **{
            column: pl.lit(None, pl.String)
            for column in ("role", "created_on", "starts_on", "due_on", "updated_at")
        },
        status=pl.when("done").then(pl.lit("done")).otherwise(pl.lit("open")),
    )
    return reached.with_columns(task=pl.Series(task)), tasks


def _numbered(prefix: str, index: pl.Expr, width: int) -> pl.Expr:
    return pl.format("{}{}", pl.lit(prefix), (index.cast(pl.Int64) + 1).cast(pl.String).str.zfill(width))


def _project_table(
    entries: pl.DataFrame, people: Staff, plan: Plan, clients: Integers, practice: Integers, budget: Floats,
    running: NDArray[np.bool_], monday: int, starts: Integers, planned: Integers,
) -> pl.DataFrame:  # fmt: skip
    lead: dict[int, int] = {}
    for project, person in zip(plan.project, plan.person, strict=True):
        best = lead.get(project)
        lead[project] = person if best is None or people.role[person] < people.role[best] else best
    end = entries.group_by("project").agg(pl.col("day").max()).sort("project")
    ended = dict(end.iter_rows())
    rows = [
        (
            f"J{index + 1:05d}",
            f"{facts.SERVICES[practice[index]].item} {index + 1:04d}",
            client_id(int(clients[index])),
            facts.SERVICES[practice[index]].item,
            person_id(lead[index]),
            "fixed_price" if index % 3 else "time_and_materials",
            f"{budget[index]:.1f}",
            _day(monday + 7 * int(starts[index])),
            None if running[index] else _day(ended[index]),
            "active" if running[index] else "completed",
            _day(monday + 7 * int(starts[index] + planned[index]) - 3),
            None,
        )
        for index in range(len(budget))
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(PROJECT, pl.String), orient="row")


def _entry_table(entries: pl.DataFrame) -> pl.DataFrame:
    """With two that were entered twice and one with a sign in front of it."""
    frame = entries.with_row_index("entry").select(
        _numbered("H", pl.col("entry"), 8).alias("time_entry_id"),
        _numbered("E", pl.col("person"), 4).alias("person_id"),
        _numbered("J", pl.col("project"), 5).alias("project_id"),
        _numbered("T", pl.col("task"), 6).alias("task_id"),
        pl.col("day").cast(pl.Int32).cast(pl.Date).cast(pl.String).alias("worked_on"),
        pl.col("hours").cast(pl.Decimal(18, 2)).cast(pl.String),
        pl.lit("true").alias("is_billable"),
        pl.lit(None, pl.String).alias("note"),
        pl.lit(None, pl.String).alias("updated_at"),
    )
    slip = frame.tail(1).with_columns(time_entry_id=pl.lit("DIRT-NEGATIVE"), hours=pl.lit("-7.50"))
    return pl.concat([frame, frame.head(2), slip])


def _answers(
    running: NDArray[np.bool_], ratio: Floats, budget: Floats, final: Floats, booked: Floats
) -> list[dict[str, object]]:
    """The running projects that end more than OVER of their budget, and how far they are."""
    return [
        {
            "project_id": f"J{index + 1:05d}",
            "hours_at_completion_over_budget": round(float(final[index] / budget[index]), 3),
            "hours_so_far": round(float(booked[index])),
        }
        for index in np.flatnonzero(running & (ratio > OVER))
    ]


def _day(day: int) -> str:
    return str(np.datetime64(int(day), "D"))


PROJECT = ("project_id", "name", "party_id", "practice", "manager_id", "billing", "budget_hours", "starts_on",
           "ended_on", "status", "due_on", "updated_at")  # fmt: skip
TASK = ("task_id", "project_id", "name", "role", "budget_hours", "created_on", "starts_on", "due_on",
        "completed_on", "status", "updated_at")  # fmt: skip
