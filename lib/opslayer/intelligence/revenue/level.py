"""What the sum of the sources has missed by, in the firm's own past quarters; the forecast is brought to
it.

Sources are learnt one by one, and what each misses a little of adds up. So the forecast is made again at
the ends of past months, with what was known then, and the revenue of the quarter after each is put beside
it. The mean of the logarithms, drawn towards none, is the level; how much they vary says how far the level
may be off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from opslayer.intelligence import win
from opslayer.intelligence.revenue.analogues import HORIZON
from opslayer.intelligence.revenue.inputs import Inputs
from opslayer.intelligence.revenue.season import calendar, next_month, quarter_start
from opslayer.intelligence.revenue.sources import Sources, learn
from opslayer.intelligence.win import WinModel

MODEL, VERSION = "past quarters against their forecasts", "2"
CHECK_MONTHS = 3  # whole ones, for much of a month is invoiced on its last day
CHECKS = 9
OVERLAP = 3  # quarters that end a month apart share two months of three: they count for a third each
SPREAD = 0.05  # of ln(revenue / forecast) of a quarter, until the firm has checks of its own


@dataclass
class Past:
    """Sources and models of past days, each taught once; a model is taught at the start of its quarter."""

    inputs: Inputs

    def __post_init__(self) -> None:
        self._models: dict[date, WinModel | None] = {}
        self._sources: dict[date, Sources] = {}
        self._ratios: dict[date, float | None] = {}
        self._first = self.inputs.revenue["day"].min()

    def model(self, day: date) -> WinModel | None:
        start = quarter_start(day)
        if start not in self._models:
            self._models[start] = win.teach(self.inputs.deals, start)
        return self._models[start]

    def sources(self, day: date) -> Sources:
        if day not in self._sources:
            self._sources[day] = learn(self.inputs, day, model=self.model(day))
        return self._sources[day]

    def ratio(self, day: date) -> float | None:
        """ln of what was invoiced in the CHECK_MONTHS after `day`, an end of a month, over what was expected
        then; None if it cannot."""
        if day not in self._ratios:
            self._ratios[day] = self._ratio(day)
        return self._ratios[day]

    def _ratio(self, day: date) -> float | None:
        sources = self.sources(day)
        if sources.is_fallback:
            return None
        expected = flow(sources, CHECK_MONTHS)
        until = next_month(day + timedelta(days=1), CHECK_MONTHS)
        invoiced = _between(self.inputs.revenue, day, until)
        return float(np.log(invoiced / expected)) if expected > 0 and invoiced > 0 else None


def flow(sources: Sources, months: int) -> float:
    """Expected revenue of the `months` after the end of a month, the day of `sources`; base currency."""
    ahead = calendar(sources.season, sources.day, HORIZON)
    total = sources.expected().sum(axis=0) + sources.run_rate * sources.unheard.mean(axis=0)
    return float((total @ ahead.share)[:months].sum())


@dataclass(frozen=True)
class Level:
    """What past quarters came to over what was forecast, drawn towards one; spread of its logarithm."""

    factor: float
    spread: float
    checks: int


def level_table(sources: Sources, level: Level) -> pl.DataFrame:
    """One row (columns of intelligence.revenue_level)."""
    told = f"What was invoiced in quarters after {level.checks} past ends of months, over their forecasts."
    return pl.DataFrame(
        {
            "as_of": [sources.day],
            "level": [level.factor],
            "spread": [level.spread],
            "checks": [level.checks],
            "reasons": [told if level.checks else "No past quarter is there to hold the forecast against."],
            "model": [MODEL],
            "model_version": [VERSION],
        }
    )


def levelled(sources: Sources, level: Level) -> Sources:
    """`sources` brought to `level`."""
    return replace(
        sources,
        scale=sources.scale * level.factor,
        run_rate=sources.run_rate * level.factor,
        level=level.factor,
        spread=level.spread,
    )


def measure(sources: Sources, past: Past) -> Level:
    """The level of past quarters that had ended by the day of `sources`."""
    ratios = [
        ratio
        for day in _month_ends(_latest(sources.day), CHECKS, past)
        if (ratio := past.ratio(day)) is not None
    ]
    if not ratios:
        return Level(1.0, SPREAD, 0)
    count = 1 + (len(ratios) - 1) / OVERLAP
    kept = count / (count + 1)
    centre = kept * float(np.mean(ratios))
    squares = float(((np.array(ratios) - np.mean(ratios)) ** 2).sum()) / OVERLAP
    spread = float(np.sqrt((squares + SPREAD**2) / count))
    return Level(float(np.exp(centre)), spread, len(ratios))


def _latest(day: date) -> date:
    """The last end of a month after which CHECK_MONTHS were over at the end of `day`."""
    over = (day + timedelta(days=1)).replace(day=1)
    return next_month(over, -CHECK_MONTHS) - timedelta(days=1)


def _month_ends(day: date, count: int, past: Past) -> list[date]:
    """The last `count` ends of months up to `day`, of which enough was invoiced before to learn from."""
    ends = []
    last = (day + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    for _ in range(count):
        if past._first is None or last < past._first + timedelta(weeks=26):  # type: ignore[operator]
            break
        ends.append(last)
        last = last.replace(day=1) - timedelta(days=1)
    return ends


def _between(revenue: pl.DataFrame, after: date, until: date) -> float:
    chosen = revenue.filter((pl.col("day") > after) & (pl.col("day") < until))
    return float(chosen["amount_base"].cast(pl.Float64).sum())
