"""Amounts that moved between neighbouring months: billed or booked early or late, not won or lost.

A line recurs where at least FEWEST of the WINDOW months before were active at a steady amount. Where such
a line is missing in one month and about double in the next or the last, the part above its usual amount
moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

WINDOW = 6
FEWEST = 4
STEADY = Fraction(1, 10)
"""Median deviation, as a share of the usual amount, up to which a line counts as steady."""
MISSING = Fraction(1, 4)
"""Of the usual amount: what still counts as missing in a month."""
DOUBLE = (Fraction(8, 5), Fraction(12, 5))
"""Of the usual amount: what counts as two months in one."""


@dataclass(frozen=True)
class Move:
    """`amount` was seen in `seen` and belongs to `belongs`, the month beside it."""

    seen: date
    belongs: date
    amount: Fraction


def next_month(month: date, steps: int = 1) -> date:
    number = month.year * 12 + month.month - 1 + steps
    return date(number // 12, number % 12 + 1, 1)


def moves(series: Mapping[date, Fraction], month: date, *, as_of: date) -> list[Move]:
    """Moves of one line into or out of `month`. `series` is its amount by month; absent months are zero.

    That nothing was booked yet in a month that has not ended by `as_of` is no sign of a move.
    """
    pairs = ((first, next_month(first)) for first in (next_month(month, -1), month))
    found = (_move(series, *pair) for pair in pairs)
    return [move for move in found if move is not None and next_month(move.belongs) <= as_of]


def _move(series: Mapping[date, Fraction], first: date, second: date) -> Move | None:
    sizes = sorted(abs(series.get(when, Fraction(0))) for when in (first, second))
    if sizes[0] * DOUBLE[0] > sizes[1] * MISSING:  # neither is missing beside the other: told cheaply
        return None
    before = [series.get(next_month(first, -step), Fraction(0)) for step in range(1, WINDOW + 1)]
    active = [amount for amount in before if amount]
    if len(active) < FEWEST:
        return None
    usual = median(active)
    if not usual or median(abs(amount - usual) for amount in active) > STEADY * abs(usual):
        return None
    for seen, belongs in ((first, second), (second, first)):
        double, missing = series.get(seen, Fraction(0)) / usual, series.get(belongs, Fraction(0)) / usual
        if DOUBLE[0] <= double <= DOUBLE[1] and abs(missing) <= MISSING:
            return Move(seen, belongs, series[seen] - usual)
    return None
