"""The change to the plan that is worth most: a mixed-integer programme, solved by HiGHS.

Assignment with side constraints (Ernst et al., "Staff scheduling and rostering", EJOR 153, 2004, 2.3). Hours
are counted in half days. Everything is sorted by key, and a cost of at most TIE a half day that rises with
the key breaks ties, so the same problem has the same answer however its rows are ordered. HiGHS: Huangfu and
Hall, "Parallelizing the dual revised simplex method", Math. Prog. Comp. 10, 2018.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

HALF_DAY = 4.0  # hours
LEAST = 2  # half days: a person is not put on a project for less than a day in all
TIE = 0.01  # money
TIME_LIMIT = 120.0  # seconds; a guard: what is asked for weekly is solved in a fraction of it
NO_GAP = "No project lacks anybody."
NOBODY = "Nobody who fits has hours left in the weeks where somebody is lacking."
NOT_WORTH_IT = "No change is worth more than it costs."

Cell = tuple[str, str, int]  # project, role, week
Hours = tuple[str, str, str, int]  # person, project, role, week


@dataclass(frozen=True)
class Problem:
    """What is asked for and what may be used. Quantities in half days, money for a half day unless said.

    `gap` is what a project lacks, `spare` what it has too much of. `free` is what a person can still be
    planned for, `room` how much of it lies below their target. `held` is who is planned where there is
    something to spare. `fits` says who may fill which role of a project, with what an hour of theirs costs
    above the role's usual cost. `worth` is what a half day on a project is sold at, `premium` what one above
    a person's target costs. `joining` and `leaving` are the money it takes to bring a person into a project,
    and out of it. No more than `changes` people and projects are brought together or apart.
    """

    gap: Mapping[Cell, int]
    free: Mapping[tuple[str, int], int]
    room: Mapping[tuple[str, int], float]
    fits: Mapping[tuple[str, str, str], float]  # project, role, person
    worth: Mapping[str, float]
    premium: Mapping[str, float]
    joining: Mapping[tuple[str, str], float] = field(default_factory=dict)  # person, project
    leaving: Mapping[tuple[str, str], float] = field(default_factory=dict)
    spare: Mapping[Cell, int] = field(default_factory=dict)
    held: Mapping[Hours, int] = field(default_factory=dict)
    changes: int = 12


@dataclass(frozen=True)
class Solution:
    """Half days added and released by person, project, role and week; `optimality_gap` is what may be left.

    `note` says in words why there is nothing, or what the solver did not get to.
    """

    added: Mapping[Hours, int]
    released: Mapping[Hours, int]
    optimality_gap: float
    note: str


@contextmanager
def _quiet() -> Iterator[None]:
    """HiGHS prints a line for each better solution whatever it is told; nobody reads it in a notebook."""
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def worth_of(problem: Problem, added: Mapping[Hours, int], released: Mapping[Hours, int]) -> float:
    """What a change is worth: what is sold, less dearer people, hours above target, joining and leaving."""
    used: dict[tuple[str, int], int] = defaultdict(int)
    for (person, _, _, week), units in added.items():
        used[person, week] += units
    for (person, _, _, week), units in released.items():
        used[person, week] -= units
    gain = sum(
        units * (problem.worth[project] - problem.fits[project, role, person])
        for (person, project, role, _), units in added.items()
    )
    above = sum(
        problem.premium[person] * max(units - problem.room.get((person, week), 0.0), 0.0)
        for (person, week), units in used.items()
    )
    joined = {(person, project) for person, project, _, _ in added}
    left = {(person, project) for person, project, _, _ in released}
    switched = sum(problem.joining.get(pair, 0.0) for pair in joined) + sum(
        problem.leaving.get(pair, 0.0) for pair in left
    )
    return gain - above - switched


def propose(problem: Problem, *, allowed_gap: float = 0.0, time_limit: float = TIME_LIMIT) -> Solution:
    """The change worth most within the problem's limits; an empty one, with a note, where none is worth it.

    The search ends when no more than `allowed_gap`, a share of its worth, can be left to win.
    """
    ceiling = ceilings(problem)
    adds = list(ceiling)
    if not adds:
        return Solution({}, {}, 0.0, NOBODY if problem.gap else NO_GAP)
    releases = _releases(problem, adds)
    joins = sorted({key[:2] for key in adds})
    leaves = sorted({key[:2] for key in releases})
    weeks = sorted({(key[0], key[3]) for key in adds})
    programme = _Programme(len(adds), len(releases), len(joins), len(leaves), len(weeks))
    tie = np.linspace(0.0, TIE, len(adds) + len(releases))

    gain = [problem.worth[project] - problem.fits[project, role, person] for person, project, role, _ in adds]
    cost = np.concatenate(
        [
            -np.array(gain) + tie[: len(adds)],
            tie[len(adds) :] + TIE,
            [problem.joining.get(pair, 0.0) for pair in joins],
            [problem.leaving.get(pair, 0.0) for pair in leaves],
            [problem.premium[person] for person, _ in weeks],
        ]
    )
    upper = np.concatenate(
        [
            list(ceiling.values()),
            [min(problem.held[key], problem.spare[key[1:]]) for key in releases],
            np.ones(len(joins) + len(leaves)),
            np.full(len(weeks), np.inf),
        ]
    )
    whole = np.concatenate([np.ones(len(cost) - len(weeks)), np.zeros(len(weeks))])
    _limit(programme, problem, adds, releases, joins, leaves, weeks, upper)
    with _quiet():
        found = milp(
            cost,
            integrality=whole,
            bounds=Bounds(0.0, upper),
            constraints=programme.constraint(),
            options={"time_limit": time_limit, "mip_rel_gap": allowed_gap},
        )
    if found.x is None:
        return Solution({}, {}, 1.0, f"No change was found within {time_limit:g} seconds.")
    units = np.rint(found.x).astype(int).tolist()
    added = {key: n for key, n in zip(adds, units, strict=False) if n}
    released = {key: n for key, n in zip(releases, units[len(adds) :], strict=False) if n}
    left = float(found.mip_gap or 0.0)
    if not added:
        return Solution({}, {}, left, NOT_WORTH_IT)
    stopped = f"Stopped after {time_limit:g} seconds: up to {left:.0%} more may be possible."
    note = "" if found.status == 0 else stopped
    return Solution(added, released, left, note)


class _Programme:
    """Rows of a constraint matrix over five blocks of variables: add, release, join, leave, above."""

    def __init__(self, *sizes: int) -> None:
        self.start = np.concatenate([[0], np.cumsum(sizes)]).astype(int).tolist()
        self.row: list[int] = []
        self.column: list[int] = []
        self.value: list[float] = []
        self.upper: list[float] = []

    def at_most(self, upper: float, *terms: tuple[int, int, float]) -> None:
        """Sum of value x variable `position` of `block`, over terms of (block, position, value), <= upper."""
        for block, position, value in terms:
            self.row.append(len(self.upper))
            self.column.append(self.start[block] + position)
            self.value.append(value)
        self.upper.append(upper)

    def constraint(self) -> LinearConstraint:
        shape = (len(self.upper), self.start[-1])
        matrix = csr_array((self.value, (self.row, self.column)), shape=shape)
        return LinearConstraint(matrix, -np.inf, self.upper)


ADD, RELEASE, JOIN, LEAVE, ABOVE = range(5)


def ceilings(problem: Problem) -> dict[Hours, int]:
    """Who could be put where and when, and no more half days than the project lacks or the person has."""
    fitting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for project, role, person in problem.fits:
        fitting[project, role].append(person)
    releasable: dict[tuple[str, int], int] = defaultdict(int)
    for (person, project, role, week), units in problem.held.items():
        releasable[person, week] += min(units, problem.spare.get((project, role, week), 0))
    ceiling = {}
    for (project, role, week), lacking in problem.gap.items():
        for person in fitting[project, role]:
            free = problem.free.get((person, week), -1)
            # nothing for a person who is planned for more than they can work
            most = min(lacking, free + releasable[person, week]) if free >= 0 else 0
            if most > 0:
                ceiling[person, project, role, week] = most
    return dict(sorted(ceiling.items()))


def _releases(problem: Problem, adds: list[Hours]) -> list[Hours]:
    """Where there is something to spare, of people wanted that week; never from and to the same project."""
    wanted = {(person, week) for person, _, _, week in adds}
    going = {key[:2] for key in adds}
    return sorted(
        key
        for key, units in problem.held.items()
        if (key[0], key[3]) in wanted
        and key[:2] not in going
        and min(units, problem.spare.get(key[1:], 0)) > 0
    )


def _limit(
    programme: _Programme,
    problem: Problem,
    adds: list[Hours],
    releases: list[Hours],
    joins: list[tuple[str, str]],
    leaves: list[tuple[str, str]],
    weeks: list[tuple[str, int]],
    upper: NDArray[np.float64],
) -> None:
    asked: dict[Cell, list[tuple[int, int, float]]] = defaultdict(list)
    spared: dict[Cell, list[tuple[int, int, float]]] = defaultdict(list)
    spent: dict[tuple[str, int], list[tuple[int, int, float]]] = defaultdict(list)
    joined: dict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)
    left: dict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)
    for position, key in enumerate(adds):
        asked[key[1:]].append((ADD, position, 1.0))
        spent[key[0], key[3]].append((ADD, position, 1.0))
        joined[key[:2]].append((ADD, position, 1.0))
    for position, key in enumerate(releases):
        spared[key[1:]].append((RELEASE, position, 1.0))
        spent[key[0], key[3]].append((RELEASE, position, -1.0))
        left[key[:2]].append((RELEASE, position, 1.0))
    for cell, terms in asked.items():
        programme.at_most(problem.gap[cell], *terms)
    for cell, terms in spared.items():
        programme.at_most(problem.spare[cell], *terms)
    for position, (person, week) in enumerate(weeks):
        terms = spent[person, week]
        programme.at_most(problem.free[person, week], *terms)
        # nobody is taken off a project without being put on another
        programme.at_most(0.0, *((block, place, -value) for block, place, value in terms))
        programme.at_most(problem.room.get((person, week), 0.0), *terms, (ABOVE, position, -1.0))
    for position, pair in enumerate(joins):
        # one row for each hour keeps the relaxation tight: a fraction of a person is not worth having
        for term in joined[pair]:
            programme.at_most(0.0, term, (JOIN, position, -float(upper[term[1]])))
        programme.at_most(0.0, *((b, p, -v) for b, p, v in joined[pair]), (JOIN, position, float(LEAST)))
    for position, pair in enumerate(leaves):
        for term in left[pair]:
            most = float(upper[programme.start[RELEASE] + term[1]])
            programme.at_most(0.0, term, (LEAVE, position, -most))
    switches = [(JOIN, n, 1.0) for n in range(len(joins))] + [(LEAVE, n, 1.0) for n in range(len(leaves))]
    programme.at_most(problem.changes, *switches)
