"""The quarter with another pipeline: deals won, lost or moved, and what one of them brings month by month.

Only the deal that changes is drawn again; the others keep their draws, so two quarters differ by it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
import polars as pl

from opslayer.errors import unknown
from opslayer.intelligence.revenue.analogues import HORIZON
from opslayer.intelligence.revenue.forecast import expect, invoiced, quantile
from opslayer.intelligence.revenue.inputs import Floats, Integers
from opslayer.intelligence.revenue.season import next_month, quarter_start
from opslayer.intelligence.revenue.simulation import draw_item, shared, simulate
from opslayer.intelligence.revenue.sources import ITEMS, PIPELINE, RUNNING, Sources
from opslayer.intelligence.win import WEEKS, Outlook

End = Literal["won", "lost"]
CLOSES = ("close_earliest", "close_on", "close_latest")
WEIGHTS = (0.3, 0.4, 0.3)  # of those three quantiles: Keefer and Bodily, Management Science 29, 1983


@dataclass(frozen=True)
class Draws:
    """What is to come by path and week, shape (paths, HORIZON), and what drew it.

    `running` is of work that runs, `flow` of all other sources.
    """

    sources: Sources
    seed: int
    flow: Floats
    running: Floats


@dataclass(frozen=True)
class Quarter:
    """Revenue of a fiscal quarter, what is invoiced included; base currency."""

    start: date
    end: date
    expected_base: Decimal
    lower_80: Decimal
    median: Decimal
    upper_80: Decimal


def override(sources: Sources, ends: Mapping[str, End | timedelta]) -> Sources:
    """`sources` as they would be if deals ended now as `ends` says, by opportunity_id, or were decided so
    much later (whole weeks; earlier where negative, but not before now). Nothing else moves.

    Raises UsageError for an id that is no open deal.
    """
    place = _place(sources)
    won = sources.won.copy()
    for opportunity, end in ends.items():
        if opportunity not in place:
            raise unknown("open deal", opportunity, place)
        row = place[opportunity]
        if isinstance(end, timedelta):
            chances = sources.outlook.won[_deals(sources)[opportunity]]
            won[row] = moved(chances, round(end / timedelta(weeks=1)))[:HORIZON]
            continue
        won[row] = 0.0
        if end == "won":
            won[row, 0] = 1.0
    return replace(sources, won=won)


def moved(chances: Floats, weeks: int) -> Floats:
    """Chances by week, `weeks` later; what would come before the first week comes in it."""
    later = np.zeros_like(chances)
    np.add.at(later, np.clip(np.arange(len(chances)) + weeks, 0, None).clip(0, len(chances) - 1), chances)
    return later


def only(sources: Sources, deals: pl.DataFrame) -> Sources:
    """`sources` with no items but these deals, in their order, as the open ones they are or were.

    `deals` has opportunity_id, name, party_id, party_name, stage, amount_base, win_probability and CLOSES.
    One that is open keeps its chances by week, scaled to win_probability and moved to close_on; of another
    the three days stand for them.
    """
    known = _deals(sources)
    middle = sources.outlook.close_week(0.5) if known else np.zeros(0, dtype=np.int64)
    won = np.zeros((len(deals), WEEKS))
    for row, deal in enumerate(deals.iter_rows(named=True)):
        own = known.get(deal["opportunity_id"])
        chance = deal["win_probability"] or 0.0
        total = float(sources.outlook.won[own].sum()) if own is not None else 0.0
        if own is not None and total > 0:
            ahead = _week(sources.day, deal["close_on"]) - (int(middle[own]) - 1)
            won[row] = moved(sources.outlook.won[own] * (chance / total), ahead)
            continue
        for name, weight in zip(CLOSES, WEIGHTS, strict=True):
            won[row, _week(sources.day, deal[name])] += weight * chance
    amounts = deals["amount_base"].cast(pl.Float64).fill_null(0.0).to_numpy()
    items = deals.with_columns(
        key="opportunity_id", component=pl.lit(PIPELINE), project_id=pl.lit(None, pl.String)
    )
    return replace(
        sources,
        items=items.select(pl.col(name).cast(kind) for name, kind in ITEMS.items()),
        scale=amounts * sources.realisation * sources.level,
        won=won[:, :HORIZON],
        pool=sources.of_size[np.digitize(amounts, sources.sizes)],
        run_rate=0.0,
        outlook=Outlook(
            sources.day, deals, won, np.zeros_like(won), np.ones(len(deals), dtype=np.bool_), None
        ),
    )


def deal_months(sources: Sources) -> tuple[dict[str, int], tuple[date, ...], Integers, Floats]:
    """What each open deal is expected to bring, to the cent as in the forecast of each month and quarter.

    Place of each deal by opportunity_id; months; cents, shape (deals, months); and what each brings in all
    once it is won, base currency.
    """
    expected = expect(sources)
    place = _place(sources)
    rows = list(place.values())
    cents: Integers = expected.cents[rows].sum(axis=1)
    return {key: n for n, key in enumerate(place)}, expected.calendar.months, cents, sources.scale[rows]


def draw(sources: Sources, *, seed: int = 0) -> Draws:
    """Every source drawn, as `forecast` draws them."""
    flows = simulate(sources, seed=seed)
    running, others = (
        np.sum([flow for name, flow in flows.items() if (name in RUNNING) is runs], axis=0)
        for runs in (True, False)
    )
    return Draws(sources, seed, others, running)


def redraw(draws: Draws, sources: Sources, opportunity_id: str) -> Draws:
    """`draws` with one open deal as `sources` has it, which differ from those drawn in that deal alone."""
    row = _place(sources)[opportunity_id]
    flow = draws.flow
    if sources.scale[row] > 0:
        was, becomes = (
            draw_item(one, row, is_deal=True, seed=draws.seed) for one in (draws.sources, sources)
        )
        flow = flow - was + becomes
    return Draws(sources, draws.seed, flow, draws.running)


def quarter(draws: Draws, *, fiscal_year_start: int = 1) -> Quarter:
    """The quarter under way: its total, as `forecast` has it, and its median."""
    sources = draws.sources
    start = quarter_start(sources.day, fiscal_year_start)
    until = next_month(start, 3)
    expected = expect(sources)
    ahead = expected.calendar
    chosen = np.array([start <= month < until for month in ahead.months])
    common = shared(sources, ahead, seed=draws.seed, paths=len(draws.flow))
    paths = sum(
        np.einsum("pk,km,pm->p", flow, share * chosen, common)
        for flow, share in ((draws.flow, ahead.share), (draws.running, ahead.running))
    )
    known = invoiced(sources, start, until)
    cents = int(expected.within(start, until).sum()) + known
    low, middle, high = (quantile(cents, paths, share, known / 100) for share in (0.1, 0.5, 0.9))
    return Quarter(
        start, until - timedelta(days=1), Decimal(cents) / 100,
        *(Decimal(str(value)) for value in (low, middle, high)),
    )  # fmt: skip


def _place(sources: Sources) -> dict[str, int]:
    deals = sources.items["component"] == PIPELINE
    return {key: row for row, key in enumerate(sources.items["key"]) if deals[row]}


def _deals(sources: Sources) -> dict[str, int]:
    return {key: row for row, key in enumerate(sources.outlook.deals["opportunity_id"])}


def _week(day: date, closes: date | None) -> int:
    """The week after `day` that `closes` lies in, from 0; today and before count for the first."""
    days = (closes - day).days if closes else 0
    return min(max(-(-days // 7) - 1, 0), WEEKS - 1)
