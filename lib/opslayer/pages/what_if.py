"""What the page What if shows: one deal changed, and what that moves; nothing of it is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from opslayer import figures
from opslayer.intelligence import chain, price, revenue
from opslayer.pages.reading import Reading
from opslayer.pages.shown import Drawn, Meeting, Page, Shown, Tile, Tiles, sentence, table, tiles

TOTALS = {
    "revenue": ("Revenue", "Expected revenue of open deals, next six months."),
    "margin": ("Margin", "Expected margin of open deals, next six months."),
    "cash": ("Cash", "Expected cash of open deals, thirteen weeks, without tax."),
    "shortage": ("Hours short", "Demand above what the firm means to bill, thirteen weeks."),
    "bench": ("Hours on the bench", "Hours meant to be billed that have no demand, thirteen weeks."),
}
STEPS = {
    "win": "Chance, %",
    "demand": "Hours of work",
    **{step: title for step, (title, _) in TOTALS.items()},
    "price": "Price of another deal",
    "displaced": "Margin it displaces",
}
"""Steps of the chain as people read them."""
QUARTER = {
    "Median": ("median", "Half of the cases come to more, half to less."),
    "Expected": ("expected_base", "The mean, as on the page Revenue."),
    "From": ("lower_80", "One chance in ten of less."),
    "To": ("upper_80", "One chance in ten of more."),
}
WORSE_UP = ("shortage", "bench")


@dataclass(frozen=True)
class WhatIf:
    """One changed deal: the firm's cells that moved, the deal's own way through the chain, cash in by
    week, and the quarter's revenue."""

    before: chain.Chain
    after: chain.Chain
    moves: pl.DataFrame
    walk: pl.DataFrame
    cash: pl.DataFrame
    quarters: tuple[revenue.Quarter, revenue.Quarter]

    def total(self, step: str) -> tuple[float, float]:
        """Sums of a step before and after, of the cells that have a week or month."""
        before, after = (
            float(chain.totals(side).filter(pl.col("step") == step, ~pl.col("is_later"))["value"].sum())
            for side in (self.before, self.after)
        )
        return before, after


def before(read: Reading) -> tuple[chain.Inputs, chain.Chain, revenue.Draws]:
    """What the published snapshot says, every link of it, and the revenue to come as drawn."""

    def compute(own: Reading) -> tuple[chain.Inputs, chain.Chain, revenue.Draws]:
        inputs = chain.gather(own, as_of=own.as_of)
        return inputs, chain.compute(inputs), revenue.draw(inputs.sources, seed=inputs.seed)

    return read.keep("chain", compute)


def what_if(read: Reading, change: chain.Change) -> WhatIf:
    """What a change moves: computed from the published snapshot, in memory; nothing is kept or published."""

    def compute(own: Reading) -> WhatIf:
        inputs, was, drawn = before(own)
        changed = chain.changed(inputs, change)
        becomes = chain.compute(changed)
        start = own.firm.firm.fiscal_year_start
        redrawn = revenue.redraw(drawn, changed.sources, change.opportunity_id)
        return WhatIf(
            was,
            becomes,
            chain.moves(was, becomes),
            chain.walk(was, becomes, change.opportunity_id),
            chain.cash_weeks(was, becomes, inputs),
            (
                revenue.quarter(drawn, fiscal_year_start=start),
                revenue.quarter(redrawn, fiscal_year_start=start),
            ),
        )

    return read.keep(change, compute)


def by_worth(deals: pl.DataFrame) -> pl.DataFrame:
    """Open deals, most expected amount first."""
    worth = pl.col("amount_base").cast(pl.Float64) * pl.col("win_probability")
    return deals.sort(worth, "opportunity_id", descending=[True, False], nulls_last=True)


def _choices(read: Reading) -> Iterator[dict[str, Any]]:
    """The first deal lost, as the page opens, and won."""
    deals = by_worth(before(read)[0].open_deals)
    for outcome in ("lost", "won") if deals.height else ():
        yield {"change": chain.Change(deals["opportunity_id"][0], outcome, 0)}


def _quarter(read: Reading, *, change: chain.Change) -> Tiles:
    was, becomes = what_if(read, change).quarters
    return tuple(
        _tile(title, float(getattr(was, name)), float(getattr(becomes, name)), told)
        for title, (name, told) in QUARTER.items()
    )


def _totals(read: Reading, *, change: chain.Change) -> Tiles:
    found = what_if(read, change)
    return tuple(
        _tile(title, *found.total(step), told, is_worse_up=step in WORSE_UP)
        for step, (title, told) in TOTALS.items()
    )


def _tile(title: str, was: float, becomes: float, told: str, *, is_worse_up: bool = False) -> Tile:
    change = f"{becomes - was:+,.0f}" if round(becomes - was) else None
    return Tile(title, f"{becomes:,.0f}", told, change, f"{was:,.0f}", is_worse_up)


def _heading(read: Reading, *, change: chain.Change) -> str:
    _, becomes = what_if(read, change).quarters
    return f"### Revenue of the quarter to {becomes.end.day} {becomes.end:%B %Y}"


def _moves(step: str) -> Shown:
    def draw(read: Reading, *, change: chain.Change) -> Drawn:
        return figures.chain_moves(what_if(read, change).moves, step=step, theme=read.theme)

    return Shown(f"{step}_moves", draw)


def _way(read: Reading, *, change: chain.Change) -> pl.DataFrame:
    """The deal's own cells that move; its chance in per cent."""
    walk = what_if(read, change).walk
    scale = pl.when(pl.col("step") == "win").then(100.0).otherwise(1.0)
    values = pl.col("before", "after", "moved").cast(pl.Float64) * scale
    label = pl.col("label").replace({"chance": ""})
    return _titled(walk.filter(pl.col("moved") != 0).with_columns(values, label))


def _elsewhere(read: Reading, *, change: chain.Change) -> pl.DataFrame:
    """What moves beyond the deal, by one or more: shortage, bench, and the prices of other deals by name."""
    names = dict(before(read)[0].open_deals.select("opportunity_id", "name").iter_rows())
    moved = what_if(read, change).moves.filter(
        pl.col("step").is_in(["shortage", "bench", "price", "displaced"]), pl.col("moved").abs() >= 1
    )
    return _titled(moved.with_columns(pl.col("label").replace(names)))


def _titled(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.with_columns(pl.col("step").replace(STEPS))


def _timing(read: Reading, *, change: chain.Change) -> str:
    return (
        f":small[:gray[{chain.timing(what_if(read, change).walk)} The last row of each step holds what comes "
        "later. The firm's figures move by these and by nothing else.]]"
    )


MOVED = {"starts_on": "From", "before": "Was", "after": "Becomes", "moved": "Moves"}

WHAT_IF = Page(
    "what_if",
    "What would move, and where, if one deal were lost, won, or decided later?",
    choices=_choices,
    shows=(
        sentence("quarter_heading", _heading),
        tiles("quarter", _quarter),
        tiles("totals", _totals),
        _moves("revenue"),
        _moves("cash"),
        table(
            "cash",
            lambda read, *, change: what_if(read, change).cash,
            {
                "week_start": "Week from",
                "open_invoices_base": "Open invoices",
                "deals_before_base": "Open deals, was",
                "deals_after_base": "Open deals, becomes",
                "before_base": "Cash in, was",
                "after_base": "Cash in, becomes",
            },
            empty="No week ahead.",
            meets=(
                Meeting(
                    "open invoices are those of the page Cash",
                    lambda drawn: float(drawn.frame["open_invoices_base"].sum() or 0),
                    metric="cash_in_13_weeks",
                ),
            ),
        ),
        table(
            "way",
            _way,
            {"step": "Step", "label": "Role", **MOVED},
            empty="Nothing moves.",
            height=420,
        ),
        sentence("timing", _timing),
        table(
            "elsewhere",
            _elsewhere,
            {"step": "What", "label": "Where", **MOVED},
            empty="Nothing: there are people enough with it and without it.",
        ),
        sentence("prices_said", lambda read, **_: price.headline(read("price_recommendation"))),
        table(
            "prices",
            "price_moves",
            {
                "name": "Deal",
                "party_name": "Client",
                "stage": "Stage",
                "amount_base": "Price",
                "recommended_base": "Recommended",
                "lower_base": "From",
                "upper_base": "To",
                "expected_base": "Chance x margin",
                "recommended_expected_base": "At that price",
                "reasons": "Why",
            },
            empty="No other price is worth more, or history does not say so.",
        ),
    ),
)
