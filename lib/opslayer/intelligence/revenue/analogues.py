"""What came of work like it: paths of past projects and won deals, from past weeks on, as shares of what
was known.

A project that runs is followed by its analogues: projects that were as idle and as far through their
budgets at a past week, and what they went on to bill in each week after it, over their pace then. That is
burn-down with all that happens to it: pauses, ends, overruns. A deal that is won is followed by won deals
of its size: what they billed in each week after they were won, over their amount. What none of these
explain, work nobody had heard of, is measured at the same past weeks against the firm's run rate. Drawing
whole paths keeps their shape (nearest-neighbour bootstrap; Lall and Sharma, Water Resources Research 32,
1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opslayer.intelligence.revenue.inputs import NEVER, Booleans, Floats, Integers, Work

HORIZON = 27  # weeks: to the end of the next quarter from any day
MEMORY = 78  # weeks of past that analogues are taken from
STEP = 2
PACE_WEEKS = 26
HALF_LIFE = 8.0
IDLE = (2, 5)  # weeks since the last hours
BURN = (0.25, 0.5, 0.75, 0.95)  # share of the budget that is billed
BURNS = len(BURN) + 2  # and one without a budget
FEWEST = 40
EVERY = -1
RUN_RATE_WEEKS = 13
WAIT_WEEKS = 26  # a deal won that long ago whose work has not begun is not waited for


@dataclass(frozen=True)
class Pool:
    """Paths in one class, over what was known: whole ones to draw from, and the `mean` by week of all.

    `path` is (n, HORIZON), with the level of each week brought to that of the mean, which newer paths are
    in too.
    """

    path: Floats
    cumulative: Floats
    mean: Floats

    def pick(self, uniform: Floats) -> Integers:
        """The number of one path for each number between 0 and 1, by weight."""
        found = np.searchsorted(self.cumulative, uniform, side="right")
        return np.minimum(found, len(self.path) - 1).astype(np.int64)

    def draw(self, uniform: Floats) -> Floats:
        """One path for each number between 0 and 1; shape (numbers, HORIZON)."""
        drawn: Floats = self.path[self.pick(uniform)]
        return drawn


@dataclass(frozen=True)
class Standing:
    """Projects at the ends of some weeks: `pace` a week, `group` of analogues, which have a pace at all, and
    which have begun.

    Each has the shape (projects, weeks asked for).
    """

    pace: Floats
    group: Integers
    running: Booleans
    begun: Booleans

    def at(self, column: int) -> Standing:
        """Of one of the weeks; shape (projects,)."""
        return Standing(
            self.pace[:, column], self.group[:, column], self.running[:, column], self.begun[:, column]
        )


def pool(path: Floats, weight: Floats) -> Pool:
    """From paths of which the newest end early: NaN from the week that is not known yet."""
    known = ~np.isnan(path)
    whole = known[:, -1]
    filled = np.where(known, path, 0.0)
    mean = weight @ filled / np.maximum(weight @ known.astype(np.float64), 1e-12)
    drawn = weight[whole]
    own = drawn @ filled[whole] / max(drawn.sum(), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(own > 0, np.clip(mean / own, 0.5, 2.0), 1.0)
    return Pool(filled[whole] * level, np.cumsum(drawn) / max(drawn.sum(), 1e-12), mean)


def standings(values: Floats, budget: Floats, ended: Integers, weeks: Sequence[int]) -> Standing:
    """Each project at the ends of `weeks` weeks; `values` is (projects, weeks), deseasonalised."""
    asked = np.asarray(weeks, dtype=np.int64)
    number = np.arange(values.shape[1])
    active = values > 0
    back = asked[None, :] - 1 - number[:, None]  # weeks before the last one, by week and week asked for
    weight = np.where((back >= 0) & (back < PACE_WEEKS), 0.5 ** (back / HALF_LIFE), 0.0)
    began = np.where(active.any(axis=1), np.argmax(active, axis=1), NEVER)
    lived = np.clip(asked[None, :] - began[:, None], 0, PACE_WEEKS)
    weights = np.concatenate([[0.0], np.cumsum(0.5 ** (np.arange(PACE_WEEKS) / HALF_LIFE))])
    pace = values @ weight / np.maximum(weights[lived], 1e-12)
    latest = np.maximum.accumulate(np.where(active, number[None, :], -PACE_WEEKS), axis=1)
    before = np.pad(latest, ((0, 0), (1, 0)), constant_values=-PACE_WEEKS)[:, asked]
    idle = np.minimum(asked[None, :] - 1 - before, PACE_WEEKS)
    spent = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))[:, asked]
    with np.errstate(divide="ignore", invalid="ignore"):
        burn = np.digitize(spent / budget[:, None], BURN)
    burn = np.where(budget[:, None] > 0, burn, BURNS - 1)
    running = (pace > 0) & (ended[:, None] > asked[None, :])
    return Standing(pace, np.digitize(idle, IDLE) * BURNS + burn, running, spent > 0)


def landmarks(weeks: int) -> list[int]:
    """Past weeks with at least STEP weeks known after them, the earliest first."""
    first = max(RUN_RATE_WEEKS, weeks - MEMORY)
    return list(range(weeks - HORIZON % STEP - STEP, first - 1, -STEP))[::-1]


def ahead(values: Floats) -> Floats:
    """`values` with HORIZON weeks more that are not known: NaN."""
    return np.pad(values, ((0, 0), (0, HORIZON)), constant_values=np.nan)


def running_pools(values: Floats, past: Standing) -> dict[int, Pool]:
    """Pools by group of `standings` at the landmarks; a group with fewer than FEWEST paths is answered for by
    all equally idle."""
    groups, paths, paces = [], [], []
    following = ahead(values)
    for number, week in enumerate(landmarks(values.shape[1])):
        at = past.at(number)
        rows = np.flatnonzero(at.running)  # as numbers: far quicker than as a mask
        groups.append(at.group[rows])
        paces.append(at.pace[rows])
        paths.append(following[rows, week : week + HORIZON] / paces[-1][:, None])
    if not groups or not sum(map(len, groups)):
        return {}
    group, pace, path = np.concatenate(groups), np.concatenate(paces), np.concatenate(paths)
    whole = ~np.isnan(path[:, -1])
    if not whole.any():
        return {}
    found: dict[int, Pool] = {}
    wider: dict[int, Pool] = {}  # by how idle; EVERY is of all
    for number in range((len(IDLE) + 1) * BURNS):
        own, kind = group == number, number // BURNS
        if (own & whole).sum() >= FEWEST:
            found[number] = _pooled(path, pace, own)
            continue
        own = group // BURNS == kind
        if (own & whole).sum() < FEWEST:
            own, kind = np.ones(len(group), dtype=np.bool_), EVERY
        if kind not in wider:
            wider[kind] = _pooled(path, pace, own)
        found[number] = wider[kind]
    return found


def _pooled(path: Floats, pace: Floats, own: Booleans) -> Pool:
    rows = np.flatnonzero(own)
    return pool(path[rows], pace[rows])


def won_paths(
    work: Work, values: Floats, deal_row: Integers, closed: Integers, amount: Floats
) -> tuple[Floats, Floats]:
    """Paths of won deals over their amount, from the week after they were won, and the amounts they count by.

    `deal_row`: row of the deal's project in `values`, -1 without one; `closed`: full weeks when it was won.
    """
    usable = (closed < work.weeks) & (closed >= max(0, work.weeks - MEMORY)) & (amount > 0)
    rows, start, size = deal_row[usable], closed[usable], amount[usable]
    week = start[:, None] + np.arange(HORIZON)[None, :]
    path = ahead(values)[rows.clip(0)[:, None], week] / size[:, None]
    return np.where((rows[:, None] >= 0) | np.isnan(path), path, 0.0), size


def unheard_of(work: Work, values: Floats, past: Standing) -> Floats:
    """Work of projects that nobody had heard of, over the firm's run rate, by past week: (landmarks,
    HORIZON)."""
    rows = []
    for number, week in enumerate(landmarks(work.weeks)):
        if week + HORIZON > work.weeks:
            continue
        at = past.at(number)
        known = at.running | ((work.created <= week) & (work.created < NEVER) & ~at.begun)
        rate = values[:, week - RUN_RATE_WEEKS : week].sum() / RUN_RATE_WEEKS
        if rate > 0:
            rows.append(values[~known, week : week + HORIZON].sum(axis=0) / rate)
    return np.array(rows).reshape(-1, HORIZON)
