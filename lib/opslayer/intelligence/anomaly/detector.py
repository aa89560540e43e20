"""Values out of the ordinary, as they come: how rare each is over windows of several lengths, taken together.

A window's mean is judged beside its own baseline, so that what is small but lasts is found too; the longest
also by its shape, beside all before it. Chances are put together by Fisher's method (1932), as the sum of
their logarithms, weighed as Good (1955): shape by half, since it overlaps with the others. No value is judged
by a later.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opslayer.intelligence.anomaly.baseline import baseline
from opslayer.intelligence.anomaly.shape import unlikeness
from opslayer.intelligence.anomaly.tail import surprise

Floats = NDArray[np.float64]
USUAL = 0.95  # share of values that `lower` to `upper` holds
LEAST = 60
SHAPE = 0.5


@dataclass(frozen=True)
class Watched:
    """Each value's score, and what was usual there, from the values before it; NaN where nothing is known."""

    score: Floats
    expected: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Episode:
    """Places in the series: where it started, was found, was worst, and last was out of the ordinary."""

    first: int
    found: int
    worst: int
    last: int


def watch(
    values: Floats,
    *,
    season: int,
    long: int | None = None,
    windows: tuple[int, ...] = (1,),
    floor: float | None = None,
    least: int = LEAST,
) -> Watched:
    """`values` in order, equally spaced; `season`, `long` and `windows` in steps, the first window 1.

    Nothing is judged before `least` values. Raises ValueError for values that are not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("what is watched has values, all of them finite")
    if not len(values):
        return Watched(values, values, values, values)
    score = np.zeros(len(values))
    for window in windows:
        usual = baseline(_means(values, window), season=season, long=long, gap=window)
        errors = (_means(values, window) - usual.expected) / usual.scale
        score += surprise(errors, least=least)
    if max(windows) > 1:
        score += SHAPE * surprise(unlikeness(values, max(windows)), least=least)
    usual = baseline(values, season=season, long=long)
    half = usual.scale * _reach((values - usual.expected) / usual.scale)
    lower = usual.expected - half
    if floor is not None:
        lower = np.maximum(lower, floor)
    return Watched(score, usual.expected, lower, usual.expected + half)


def fresh(score: Floats, rest: int) -> Floats:
    """The score where it is above every one of the `rest` before it, else 0: an episode is told of once."""
    found, before = np.zeros(len(score)), deque[int]()
    for place, value in enumerate(score.tolist()):
        while before and before[0] < place - rest:
            before.popleft()
        if not before or value > score[before[0]]:
            found[place] = value
        while before and score[before[-1]] <= value:
            before.pop()
        before.append(place)
    return found


def episodes(values: Floats, watched: Watched, *, threshold: float, rest: int) -> list[Episode]:
    """What scored above the threshold; less than `rest` steps apart is one episode.

    It starts with the first of the values just before that were already outside of what is usual, on the same
    side.
    """
    found: list[Episode] = []
    odd = np.where(values < watched.lower, -1, np.where(values > watched.upper, 1, 0))
    for place in np.flatnonzero(watched.score > threshold).tolist():
        if found and place - found[-1].last <= rest:
            one = found[-1]
            worst = place if watched.score[place] > watched.score[one.worst] else one.worst
            found[-1] = Episode(one.first, one.found, worst, place)
            continue
        first = place
        while first > 0 and odd[place] != 0 and odd[first - 1] == odd[place] and place - first < rest:
            first -= 1
        found.append(Episode(first, place, place, place))
    return found


def _means(values: Floats, window: int) -> Floats:
    """The mean of each value and those before it, `window` in all."""
    if window == 1:
        return values
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def _reach(errors: Floats) -> Floats:
    """How many scales hold the usual share of the errors before each, followed (Robbins, Monro 1951)."""
    reach, found = 2.5, np.empty(len(errors))
    for place, size in enumerate(np.abs(errors).tolist()):
        found[place] = reach
        if size == size:
            reach = max(0.5, reach + 0.1 * (USUAL if size > reach else USUAL - 1))
    return found
