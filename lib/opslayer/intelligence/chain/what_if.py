"""Change one deal, and see what moves everywhere: everything is computed again in memory, nothing is kept.

A deal's stage moves its chance; the chance its expected hours, and they shortage and bench; its expected
revenue and margin, and they the cash; and shortage the price of every other open deal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import polars as pl

from opslayer.errors import unknown
from opslayer.intelligence import demand, price, revenue
from opslayer.intelligence.chain.cells import STEPS, deal_cells
from opslayer.intelligence.layer import Queries, hold_to_day

Outcome = Literal["won", "lost", "moved"]
CELL = ["step", "label", "starts_on", "is_later"]


@dataclass(frozen=True)
class Inputs:
    """What a published snapshot says, as frames: the columns of the queries of the same names.

    `sources` are those of the quarter's revenue, whose pipeline is `open_deals`.
    """

    as_of: date
    seed: int
    open_deals: pl.DataFrame
    deal_roles: pl.DataFrame
    staffing_work: pl.DataFrame
    staffing_people: pl.DataFrame
    practice_rates: pl.DataFrame
    payment_history: pl.DataFrame
    cash_forecast: pl.DataFrame
    need: pl.DataFrame
    effect: price.PriceEffect
    sources: revenue.Sources


@dataclass(frozen=True)
class Chain:
    """Every link of the chain: cells of each deal, capacity_balance, price_recommendation."""

    cells: pl.DataFrame
    balance: pl.DataFrame
    prices: pl.DataFrame


@dataclass(frozen=True)
class Change:
    """What becomes of a deal: won today, lost, or moved by so many weeks (earlier where negative)."""

    opportunity_id: str
    outcome: Outcome
    weeks: int = 0


def gather(layer: Queries, *, as_of: date, seed: int = 0) -> Inputs:
    """Read what the chain rests on. Raises UsageError where the snapshot is of another day."""
    hold_to_day(layer, as_of)
    names = (
        "deal_roles",
        "staffing_work",
        "staffing_people",
        "practice_rates",
        "payment_history",
        "cash_forecast",
    )
    known = [
        revenue.Level(row["level"], row["spread"], row["checks"])
        for row in layer.query("revenue_level").iter_rows(named=True)
    ]
    return Inputs(
        as_of=as_of,
        seed=seed,
        need=demand.project_need(layer, as_of=as_of),
        effect=price.learn(layer.query("priced_deals")),
        sources=revenue.teach(revenue.gather(layer), as_of, level=known[0] if known else None),
        open_deals=layer.query("forecast_deals", since=as_of, until=as_of),
        **{name: layer.query(name) for name in names},
    )


def compute(inputs: Inputs) -> Chain:
    """Every link, from the deals as they are in `inputs`."""
    as_of = inputs.as_of
    deals = demand.deals_of(inputs.open_deals, inputs.deal_roles, as_of=as_of)
    balance = demand.capacity_balance(
        inputs.staffing_people, inputs.need, inputs.staffing_work, deals, as_of=as_of, seed=inputs.seed
    )
    return Chain(
        cells=deal_cells(deals, inputs.sources, inputs.practice_rates, inputs.payment_history, as_of=as_of),
        balance=balance,
        prices=price.recommend(
            deals, balance, inputs.practice_rates, inputs.deal_roles, inputs.effect, as_of=as_of
        ),
    )


def changed(inputs: Inputs, change: Change) -> Inputs:
    """The same inputs with one deal changed. Raises UsageError where no such deal is open."""
    deals = inputs.open_deals
    if change.opportunity_id not in deals["opportunity_id"]:
        raise unknown("open deal", change.opportunity_id, deals["opportunity_id"])
    closes = ("close_earliest", "close_on", "close_latest")
    match change.outcome:
        case "lost":
            new = {"win_probability": pl.lit(0.0)}
        case "won":
            new = {"win_probability": pl.lit(1.0)} | {name: pl.lit(inputs.as_of) for name in closes}
        case "moved":
            new = {name: pl.col(name) + pl.duration(days=7 * change.weeks) for name in closes}
    it = pl.col("opportunity_id") == change.opportunity_id
    told = deals.with_columns(
        pl.when(it).then(value).otherwise(pl.col(name)).cast(deals.schema[name]).alias(name)
        for name, value in new.items()
    )
    later = timedelta(weeks=change.weeks)
    end = later if change.outcome == "moved" else change.outcome
    sources = revenue.override(inputs.sources, {change.opportunity_id: end})
    return replace(inputs, open_deals=told, sources=sources)


def cash_weeks(before: Chain, after: Chain, inputs: Inputs) -> pl.DataFrame:
    """Cash in by week: open invoices as the cash forecast has them, open deals before and after, and sums.

    Columns week_start, open_invoices_base, deals_before_base, deals_after_base, before_base, after_base;
    without tax on what open deals bring. Without a cash forecast of the day its column and the sums are null.
    """
    forecast = inputs.cash_forecast.filter(pl.col("as_of") == inputs.as_of)
    weeks = pl.DataFrame(
        {"week_start": [inputs.as_of + timedelta(days=7 * week + 1) for week in range(demand.WEEKS)]},
        schema={"week_start": pl.Date},
    )
    for name, side in (("deals_before_base", before), ("deals_after_base", after)):
        cash = side.cells.filter(pl.col("step") == "cash", ~pl.col("is_later"))
        sums = cash.group_by(week_start="starts_on").agg(pl.col("value").sum().alias(name))
        weeks = weeks.join(sums, on="week_start", how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null(0)
        )
    return (
        weeks.join(
            forecast.select("week_start", open_invoices_base="expected_base"),
            on="week_start",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            before_base=pl.col("open_invoices_base") + pl.col("deals_before_base"),
            after_base=pl.col("open_invoices_base") + pl.col("deals_after_base"),
        )
        .select(
            "week_start",
            "open_invoices_base",
            "deals_before_base",
            "deals_after_base",
            "before_base",
            "after_base",
        )
    )


def moves(before: Chain, after: Chain) -> pl.DataFrame:
    """Every cell of the firm that moved: step, label, starts_on, is_later, before, after, moved.

    demand, revenue, margin and cash are sums over all open deals; shortage and bench are hours by practice
    and role; price is what is recommended for each open deal, displaced the margin it would take from others.
    """
    sides = [totals(before), totals(after)]
    of_a_deal = pl.col("step").is_in(["price", "displaced"])  # a deal that is decided has none any more
    kept = [
        side.filter(~of_a_deal | pl.col("label").is_in(other["label"]))
        for side, other in zip(sides, reversed(sides), strict=True)
    ]
    return (
        kept[0]
        .join(kept[1], on=CELL, how="full", coalesce=True, suffix="_after")
        .rename({"value": "before", "value_after": "after"})
        .with_columns(pl.col("before", "after").fill_null(0))
        .with_columns(moved=pl.col("after") - pl.col("before"))
        .filter(pl.col("moved") != 0)
        .sort(CELL)
    )


def totals(chain: Chain) -> pl.DataFrame:
    """The firm's cells (columns CELL and value)."""
    deals = chain.cells.group_by(CELL).agg(pl.col("value").sum())
    balance = [
        chain.balance.select(
            step=pl.lit(step),
            label=pl.format("{}, {}", "practice", "role"),
            starts_on="week_start",
            is_later=pl.lit(value=False),
            value=pl.col(f"{step}_hours").round(2).cast(pl.Decimal(18, 2)),
        )
        for step in ("shortage", "bench")
    ]
    prices = [
        chain.prices.select(
            step=pl.lit(step),
            label="opportunity_id",
            starts_on="as_of",
            is_later=pl.lit(value=False),
            value=column,
        )
        for step, column in (("price", "recommended_base"), ("displaced", "displaced_base"))
    ]
    return pl.concat([deals, *balance, *prices], how="vertical_relaxed").filter(pl.col("step") != "win")


def walk(before: Chain, after: Chain, opportunity_id: str) -> pl.DataFrame:
    """The way of one deal through the chain: its cells, before and after, in the order of the steps.

    What moves in the firm because of demand, revenue, margin and cash is what moves here: nothing else does.
    """
    sides = [
        chain.cells.filter(opportunity_id=opportunity_id).select(*CELL, "value") for chain in (before, after)
    ]
    order = {step: place for place, step in enumerate(STEPS)}
    return (
        sides[0]
        .join(sides[1], on=CELL, how="full", coalesce=True, suffix="_after")
        .rename({"value": "before", "value_after": "after"})
        .with_columns(pl.col("before", "after").fill_null(0))
        .with_columns(moved=pl.col("after") - pl.col("before"))
        .sort(pl.col("step").replace_strict(order), "label", "starts_on", "is_later")
    )
