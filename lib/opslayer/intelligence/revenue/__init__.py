"""The quarter's revenue: what is invoiced, what each source will add and how sure that is, and what moved
it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from opslayer.intelligence import win
from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.revenue.backtest import backtest, backtest_summary, backtest_verdict
from opslayer.intelligence.revenue.change import by_item, explain, summary
from opslayer.intelligence.revenue.forecast import SOURCE_NAMES, TOTAL, by_source, expected_items, forecast
from opslayer.intelligence.revenue.inputs import Inputs, gather
from opslayer.intelligence.revenue.level import Level, Past, level_table, levelled, measure
from opslayer.intelligence.revenue.silence import silences
from opslayer.intelligence.revenue.sources import Sources, learn
from opslayer.intelligence.revenue.what_if import (
    Draws,
    Quarter,
    deal_months,
    draw,
    only,
    override,
    quarter,
    redraw,
)
from opslayer.intelligence.wording import written

__all__ = [
    "SOURCE_NAMES",
    "Draws",
    "Inputs",
    "Level",
    "Past",
    "Quarter",
    "Sources",
    "backtest",
    "backtest_summary",
    "backtest_verdict",
    "by_item",
    "by_source",
    "change_headline",
    "deal_months",
    "draw",
    "expected_items",
    "explain",
    "forecast",
    "gather",
    "headline",
    "learn",
    "only",
    "override",
    "quarter",
    "redraw",
    "run",
    "silences",
    "summary",
    "teach",
]

WEEK = timedelta(days=7)
EVENTS = ["new deal", "won", "lost", "stage", "amount", "close date", "work began", "project ended"]


def teach(inputs: Inputs, day: date, past: Past | None = None, *, level: Level | None = None) -> Sources:
    """The sources of revenue as known on `day`: what `forecast`, `override` and `expected_items` are asked
    of.

    Takes seconds, and they a fraction of one. `past` keeps what is taught of past days between calls; a
    `level` that is known already, as the table revenue_level has it, is not measured again.
    """
    sources = learn(inputs, day, model=win.teach(inputs.deals, day))
    return levelled(sources, level or measure(sources, past or Past(inputs)))


def run(layer: Queries, *, as_of: date, seed: int = 0, fiscal_year_start: int = 1) -> dict[str, pl.DataFrame]:
    """The tables of the question: revenue_forecast, revenue_level, revenue_change, revenue_backtest,
    client_silence.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    inputs = gather(layer)
    past = Past(inputs)
    now, before = teach(inputs, as_of, past), teach(inputs, as_of - WEEK, past)
    return {
        "revenue_forecast": forecast(now, seed=seed, fiscal_year_start=fiscal_year_start),
        "revenue_level": level_table(now, measure(now, past)),
        "revenue_change": explain(before, now, fiscal_year_start=fiscal_year_start),
        "revenue_backtest": backtest(inputs, as_of=as_of, past=past),
        "client_silence": silences(inputs, as_of=as_of),
    }


def headline(table: pl.DataFrame, *, currency: str) -> str:
    """One sentence: what this quarter will come to, between what and what, and what of it is invoiced."""
    quarter = table.filter(period="quarter").filter(pl.col("period_start") == pl.col("period_start").min())
    rows = {row["component"]: row for row in quarter.iter_rows(named=True)}
    if not rows or not rows[TOTAL]["expected_base"]:
        return "Nothing has been invoiced and no work has landed, so no revenue is forecast."
    total = rows[TOTAL]
    return (
        f"The quarter to {total['period_end']:%d %B %Y} is expected to come to "
        f"**{written(total['expected_base'], currency)}**, with eight chances in ten between "
        f"{written(total['lower_80'], currency)} and {written(total['upper_80'], currency)}; "
        f"{written(rows['invoiced']['expected_base'], currency)} of it is invoiced."
    )


def change_headline(change: pl.DataFrame, *, currency: str) -> str:
    """What the forecast moved by since last week, and the deal that moved it most; none is said."""
    if change.is_empty():
        return "There is no forecast of last week to compare with."
    moved = Decimal(change["change_base"].sum())
    deals = change.filter(pl.col("cause").is_in(EVENTS))
    cause, _, most_moved = summary(change).row(0)
    told = (
        f"It is **{'up' if moved >= 0 else 'down'} {written(moved, currency)}** on last week. Most is "
        f"{cause}: {written(most_moved, currency)} {'more' if most_moved >= 0 else 'less'}."
    )
    if deals.is_empty():
        return told
    most = deals.row(0, named=True)
    way = "added" if most["change_base"] >= 0 else "took away"
    client = f" ({most['party_name']})" if most["party_name"] else ""
    amount = written(most["change_base"], currency)
    return f"{told} Of deals, {most['name']}{client} {way} most, {amount}: {most['cause']}."
