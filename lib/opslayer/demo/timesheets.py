"""Who worked on what, when: the projects' hours laid along the working days of the practice's people."""

from __future__ import annotations

import numpy as np
import polars as pl

from opslayer.demo import facts
from opslayer.demo.calendar import Month, number
from opslayer.demo.projects import Projects
from opslayer.demo.staff import PLANTED_WEEKS, Floats, Staff

INTERNAL = ("Administration", "Learning", "Selling", "Own product", "Between assignments")
KEPT = {"bench": 0.3, "non_billable": 0.35}  # of the billable work of those planted


def worked(made: Projects, people: Staff, calendar: list[Month], *, seed: int) -> pl.DataFrame:
    """One row a person, day and project: person, day, project (-1 - n: internal n), quarters.

    In a month each practice's hours and its people's days are laid side by side on one line; where they
    overlap, that person worked that day on that project.
    """
    today = number(calendar[-1].last) + 1
    habit = np.random.default_rng([seed, 23]).normal(1, 0.05, people.count)
    parts = []
    for month in calendar:
        chance = np.random.default_rng([seed, 24, month.index])
        days = np.arange(number(month.first), number(month.last) + 1)
        present = people.present(days)
        weight = present * _weight(people, days, habit, today, chance)
        theirs = made.month.filter(month=month.index).sort("project")
        filled = np.zeros(present.shape, dtype=np.int64)
        for practice in range(len(facts.SERVICES)):
            demand = theirs.filter(service=practice)
            if len(demand) == 0:
                continue
            who, when = np.nonzero((weight > 0) & (people.practice == practice)[:, None])
            ends = np.cumsum(demand["quarters"].to_numpy())
            line = np.cumsum(weight[who, when])
            cells = np.rint(line / line[-1] * ends[-1]).astype(np.int64)
            cuts = np.unique(np.concatenate([[0], cells, ends]))
            start, quarters = cuts[:-1], np.diff(cuts)
            cell = np.searchsorted(cells, start, "right")
            project = demand["project"].to_numpy()[np.searchsorted(ends, start, "right")]
            np.add.at(filled, (who[cell], when[cell]), quarters)
            parts.append(_rows(who[cell], days[when[cell]], project, quarters))
        parts.append(_internal(chance, people, days, present, filled, today))
    return pl.concat(parts).sort("day", "person", "project")


def _weight(
    people: Staff, days: np.ndarray, habit: Floats, today: int, chance: np.random.Generator
) -> Floats:
    """How much of the practice's work a person takes on a day."""
    target = np.array([r.target for r in facts.ROLES])[people.role]
    weight: Floats = np.repeat((target * people.weekly / 5 * habit)[:, None], len(days), axis=1)
    recent = days >= today - 7 * PLANTED_WEEKS
    for cause, kept in KEPT.items():
        weight[np.ix_(people.cause == cause, recent)] *= kept
    noisy = people.cause == "noise"
    weight[noisy] *= chance.uniform(0.5, 1.5, (noisy.sum(), len(days)))
    return weight


def _internal(
    chance: np.random.Generator,
    people: Staff,
    days: np.ndarray,
    present: np.ndarray,
    filled: np.ndarray,
    today: int,
) -> pl.DataFrame:
    """The rest of each working day, on the firm's own work."""
    rest = np.where(present, np.rint(people.weekly / 5 * 4).astype(np.int64)[:, None] - filled, 0)
    who, when = np.nonzero(rest > 0)
    kind = chance.choice(3, len(who), p=[0.5, 0.2, 0.3])
    recent = days[when] >= today - 7 * PLANTED_WEEKS
    kind = np.where(recent & (people.cause[who] == "non_billable"), 3, kind)
    kind = np.where(recent & (people.cause[who] == "bench"), 4, kind)
    return _rows(who, days[when], -1 - kind, rest[who, when])


def _rows(person: np.ndarray, day: np.ndarray, project: np.ndarray, quarters: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"person": person, "day": day, "project": project, "quarters": quarters}).cast(
        pl.Int64
    )


def with_tasks(rows: pl.DataFrame, made: Projects) -> pl.DataFrame:
    """The task each row's first hour falls in: `task` is its place in made.task, null for internal work."""
    own = rows.filter(pl.col("project") >= 0).sort("project", "day", "person")
    before = own.select(pl.col("quarters").cum_sum().over("project") - pl.col("quarters")).to_series()
    far = int(made.project["total"].max()) + 1 if len(made.project) else 1  # type: ignore[arg-type]
    starts = made.task["project"].to_numpy() * far + made.task["start"].to_numpy()
    task = np.searchsorted(starts, own["project"].to_numpy() * far + before.to_numpy(), "right") - 1
    own = own.with_columns(task=pl.Series(task, dtype=pl.Int64))
    rest = rows.filter(pl.col("project") < 0).with_columns(task=pl.lit(None, pl.Int64))
    return pl.concat([own, rest]).sort("day", "person", "project", "task")
