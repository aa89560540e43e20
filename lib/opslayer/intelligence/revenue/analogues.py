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

    def draw(self, uniform: Floats) -> Floats:
        """One path for each number between 0 and 1; shape (numbers, HORIZON)."""
        drawn: Floats = self.path[
            np.searchsorted(self.cumulative, uniform, side="right").clip(0, len(self.path) - 1)
        ]
        return drawn


@dataclass(frozen=True)
class Standing:
    """Projects at a week: `pace` a week, `group` of analogues, and which have a pace at all."""

    pace: Floats
    group: Integers
    running: Booleans


def pool(path: Floats, weight: Floats) -> Pool:
    """From paths of which the newest end early: NaN from the week that is not known yet."""
    known = ~np.isnan(path)
    whole = known[:, -1]
    filled = np.where(known, path, 0.0)
    mean = weight @ filled / np.maximum(weight @ known, 1e-12)
    drawn = weight[whole]
    own = drawn @ filled[whole] / max(drawn.sum(), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(own > 0, np.clip(mean / own, 0.5, 2.0), 1.0)
    return Pool(filled[whole] * level, np.cumsum(drawn) / max(drawn.sum(), 1e-12), mean)


def standing(values: Floats, budget: Floats, ended: Integers, week: int) -> Standing:
    """Each project at the end of `week` weeks; `values` is (projects, weeks), deseasonalised."""
    past = values[:, :week]
    began = np.where(past.any(axis=1), np.argmax(past > 0, axis=1), week)
    recent = past[:, max(0, week - PACE_WEEKS) :]
    back = np.arange(recent.shape[1])[::-1]
    weight = 0.5 ** (back / HALF_LIFE)
    lived = back[None, :] < (week - began)[:, None]
    pace = recent @ weight / np.maximum((lived * weight).sum(axis=1), 1e-12)
    idle = np.where(recent.any(axis=1), np.argmax(recent[:, ::-1] > 0, axis=1), PACE_WEEKS)
    running = (pace > 0) & (ended > week)
    with np.errstate(divide="ignore", invalid="ignore"):
        burn = np.digitize(past.sum(axis=1) / budget, BURN)
    burn = np.where(budget > 0, burn, BURNS - 1)
    return Standing(pace, np.digitize(idle, IDLE) * BURNS + burn, running)


def landmarks(weeks: int) -> list[int]:
    """Past weeks with at least STEP weeks known after them, the earliest first."""
    first = max(RUN_RATE_WEEKS, weeks - MEMORY)
    return list(range(weeks - HORIZON % STEP - STEP, first - 1, -STEP))[::-1]


def ahead(values: Floats) -> Floats:
    """`values` with HORIZON weeks more that are not known: NaN."""
    return np.pad(values, ((0, 0), (0, HORIZON)), constant_values=np.nan)


def running_pools(values: Floats, budget: Floats, ended: Integers) -> dict[int, Pool]:
    """Pools by group of `standing`; a group with fewer than FEWEST paths is answered for by all equally
    idle."""
    groups, paths, paces = [], [], []
    following = ahead(values)
    for week in landmarks(values.shape[1]):
        at = standing(values, budget, ended, week)
        groups.append(at.group[at.running])
        paces.append(at.pace[at.running])
        paths.append(following[at.running, week : week + HORIZON] / paces[-1][:, None])
    if not groups or not sum(map(len, groups)):
        return {}
    group, pace, path = np.concatenate(groups), np.concatenate(paces), np.concatenate(paths)
    whole = ~np.isnan(path[:, -1])
    if not whole.any():
        return {}
    found = {}
    for number in range((len(IDLE) + 1) * BURNS):
        own = group == number
        if (own & whole).sum() < FEWEST:
            own = group // BURNS == number // BURNS
        if (own & whole).sum() < FEWEST:
            own = np.ones(len(group), dtype=np.bool_)
        found[number] = pool(path[own], pace[own])
    return found


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


def unheard_of(work: Work, values: Floats, ended: Integers, budget: Floats) -> Floats:
    """Work of projects that nobody had heard of, over the firm's run rate, by past week: (landmarks,
    HORIZON)."""
    rows = []
    for week in landmarks(work.weeks):
        if week + HORIZON > work.weeks:
            continue
        known = standing(values, budget, ended, week).running | (
            (work.created <= week) & (work.created < NEVER) & ~values[:, :week].any(axis=1)
        )
        rate = values[:, week - RUN_RATE_WEEKS : week].sum() / RUN_RATE_WEEKS
        if rate > 0:
            rows.append(values[~known, week : week + HORIZON].sum(axis=0) / rate)
    return np.array(rows).reshape(-1, HORIZON)
