"""The months the demo firm has lived, and the rates of exchange through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from opslayer.demo import facts

Days = NDArray[np.int64]  # days since 1970-01-01
EPOCH = date(1970, 1, 1)
MILLION = 1_000_000


@dataclass(frozen=True)
class Month:
    """One month of books: which it is, its first day and the last day that is booked."""

    index: int
    first: date
    last: date

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def share(self) -> float:
        """How much of the month is booked."""
        return self.last.day / ((self.first + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day

    @property
    def intensity(self) -> float:
        """Work against the first month's plan: growth, season, and how much of the month has passed."""
        growth = (1 + facts.GROWTH_A_YEAR) ** (self.index / 12)
        return float(growth * facts.SEASON[self.first.month - 1] * self.share)

    def weekdays(self) -> Days:
        """Its working days."""
        days = np.arange(number(self.first), number(self.last) + 1)
        return days[weekday(days) < 5]


def months(as_of: date) -> list[Month]:
    """The months that end the day before `as_of`, the last of them in part."""
    last_day = as_of - timedelta(days=1)
    first = last_day.replace(day=1)
    starts = [_months_before(first, back) for back in reversed(range(facts.MONTHS))]
    ends = [start - timedelta(days=1) for start in starts[1:]] + [last_day]
    return [Month(index, start, end) for index, (start, end) in enumerate(zip(starts, ends, strict=True))]


def _months_before(first: date, back: int) -> date:
    total = first.year * 12 + first.month - 1 - back
    return date(total // 12, total % 12 + 1, 1)


def number(day: date) -> int:
    return (day - EPOCH).days


def weekday(days: Days) -> Days:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (days + 3) % 7


def next_weekday(days: Days) -> Days:
    """The day itself, or the Monday after its weekend."""
    moved: Days = days + np.maximum(7 - weekday(days), 0) * (weekday(days) >= 5)
    return moved


def rates(count: int, seed: int, bent_month: int) -> dict[str, Days]:
    """Base currency for one unit, in millionths, by month; in the bent month the dollar is 8 % weaker."""
    chance = np.random.default_rng([seed, 1])
    walk = {}
    for currency, start in facts.RATES.items():
        steps = np.zeros(count) if currency == facts.BASE else chance.normal(0, 0.009, count)
        level = start * np.exp(np.cumsum(steps) - 0.15 * np.cumsum(np.cumsum(steps)) / count)
        if currency == "USD":
            level[bent_month] *= 0.92
        walk[currency] = np.rint(level * MILLION).astype(np.int64)
    return walk


def base_cents(cents: Days, rate: Days) -> Days:
    """Cents of base currency at a rate in millionths, half a cent away from zero."""
    return np.sign(cents) * ((np.abs(cents) * rate + MILLION // 2) // MILLION)
