"""How many people it takes to answer calls in time: the Erlang C formula.

Erlang (1917); as Gans, Koole, Mandelbaum (2003), *Telephone call centers: tutorial, review, and research
prospects*.
"""

from __future__ import annotations

from math import exp

MOST = 500


def agents(calls: float, *, minutes: float, handling_minutes: float, answered: float, within: float) -> int:
    """The fewest people of whom the share `answered` of calls is picked up `within` seconds.

    `calls` come in an interval of `minutes`. Raises ValueError for a handling time of nothing.
    """
    if handling_minutes <= 0 or minutes <= 0:
        raise ValueError("an interval and a handling time take some minutes")
    if calls <= 0:
        return 0
    load = calls * handling_minutes / minutes
    for people in range(max(1, int(load) + 1), MOST):
        if service_level(people, load, handling_minutes * 60, within) >= answered:
            return people
    return MOST


def service_level(people: int, load: float, handling_seconds: float, within: float) -> float:
    """The share of calls picked up within so many seconds, at a load in Erlangs; 0 where queues only grow."""
    if people <= load:
        return 0.0
    blocked = 1.0  # Erlang B, by its recursion
    for number in range(1, people + 1):
        blocked = load * blocked / (number + load * blocked)
    waits = blocked / (1 - load / people * (1 - blocked))
    return 1 - waits * exp(-(people - load) * within / handling_seconds)
