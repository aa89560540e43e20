"""The months of a year, and how much of each week ahead falls into which month.

Seasonal factors are of revenue a working day by calendar month, around a log-linear trend, shrunk towards
none by how much of their spread is noise (Efron and Morris, JASA 70, 1975). Below two years of months there
are none.

Firms bill much of a month's work at its end. So within a month what is invoiced lags what is worked, by as
much as it did on such days of past months; the rest is due by the month's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence.revenue.inputs import Floats

FEWEST_MONTHS = 24
BILLED_MONTHS = 24  # past ones that say how far invoices lag the work of a month
MONTH_NOISE = 0.06  # of ln(revenue) of a month, until the firm has two years of its own


@dataclass(frozen=True)
class Season:
    """`factor` by calendar month, January first; `noise`: what a month's ln(revenue) varies beyond them."""

    factor: Floats
    noise: float

    def of(self, day: date) -> float:
        return float(self.factor[day.month - 1])


@dataclass(frozen=True)
class Calendar:
    """Weeks ahead against months: `share[k, m]` of week k's flow falls into month m, seasonal factor
    included.

    `running` is the same for work that runs: its week at the end of this month brings, besides its own, what
    was worked in the month and is not invoiced yet.
    """

    day: date
    months: tuple[date, ...]
    share: Floats
    running: Floats


def seasons(revenue: pl.DataFrame, day: date) -> Season:
    """From what was invoiced (day, amount_base) in months that were full at the end of `day`."""
    by_month = (
        revenue.filter(pl.col("day") <= day)
        .group_by(month=pl.col("day").dt.truncate("1mo"))
        .agg(pl.col("amount_base").cast(pl.Float64).sum())
        .filter(
            (pl.col("month").dt.offset_by("1mo") <= day + timedelta(days=1)) & (pl.col("amount_base") > 0)
        )
        .sort("month")
    )
    none = Season(np.ones(12), MONTH_NOISE)
    months = by_month["month"].to_list()
    if len(months) < FEWEST_MONTHS:
        return none
    days = np.array([working_days(month, next_month(month)) for month in months], dtype=np.float64)
    rate = np.log(by_month["amount_base"].to_numpy() / days)
    number = by_month["month"].dt.month().to_numpy() - 1
    design = np.column_stack([np.arange(len(months)), np.eye(12)[number]])
    fitted, *_ = np.linalg.lstsq(design, rate, rcond=None)
    noise = float(((rate - design @ fitted) ** 2).sum() / max(len(months) - 13, 1))
    effects = fitted[1:] - fitted[1:].mean()
    spread = float(effects.var())
    kept = max(0.0, 1.0 - noise * 12 / len(months) / max(spread, 1e-12))
    factor = np.exp(kept * effects)
    return Season(factor / factor.mean(), float(np.sqrt(noise)))


def unbilled(revenue: pl.DataFrame, season: Season, day: date) -> float:
    """Weeks of this month's work, at the usual pace, that are done by the end of `day` and not invoiced.

    As in the past BILLED_MONTHS months, as many days before their ends: what share of a month's working days
    was over, and what share of what it came to was invoiced.
    """
    this = day.replace(day=1)
    left = (next_month(this) - day).days
    days, amounts = revenue["day"].to_numpy(), revenue["amount_base"].cast(pl.Float64).to_numpy()
    invoiced, worked = [], []
    for back in range(1, BILLED_MONTHS + 1):
        first, until = next_month(this, -back), next_month(this, 1 - back)
        reached = max(until - timedelta(days=left), first)
        inside = (days >= np.datetime64(first)) & (days < np.datetime64(until))
        total = float(amounts[inside].sum())
        if total > 0:
            invoiced.append(float(amounts[inside & (days <= np.datetime64(reached))].sum()) / total)
            over = working_days(first, reached + timedelta(days=1))
            worked.append(over / working_days(first, until))
    if not worked or sum(worked) == 0:
        return 0.0
    lag = min(max(1.0 - sum(invoiced) / sum(worked), 0.0), 1.0)
    return season.of(day) * working_days(this, day + timedelta(days=1)) / 5.0 * lag


def calendar(season: Season, day: date, weeks: int, *, unbilled: float = 0.0) -> Calendar:
    """The weeks after `day`: week k is the seven days that end on `day` + 7 (k + 1)."""
    days = [day + timedelta(days=n + 1) for n in range(7 * weeks)]
    months = tuple(sorted({d.replace(day=1) for d in days}))
    share = np.zeros((weeks, len(months)))
    for number, one in enumerate(days):
        if one.weekday() < 5:
            share[number // 7, months.index(one.replace(day=1))] += season.of(one) / 5.0
    running = share.copy()
    ahead = (next_month(day.replace(day=1)) - day).days - 1  # days to the end of this month
    if 0 < ahead <= 7 * weeks:
        running[(ahead - 1) // 7, months.index(day.replace(day=1))] += unbilled
    return Calendar(day, months, share, running)


def working_days(start: date, end: date) -> int:
    """Mondays to Fridays from `start` until the day before `end`."""
    return int(np.busday_count(start, end))


def next_month(month: date, count: int = 1) -> date:
    """First day of the month `count` months after `month`."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def quarter_start(day: date, fiscal_year_start: int = 1) -> date:
    """First day of the fiscal quarter that `day` lies in."""
    into = (day.month - fiscal_year_start) % 3
    return next_month(day.replace(day=1), -into)
