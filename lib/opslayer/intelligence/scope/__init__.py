"""What an inquiry would take: hours by role, weeks and a price range, from how similar projects ended."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.scope.backtest import BASELINE, MODEL, backtest
from opslayer.intelligence.scope.document import Documents, write_documents
from opslayer.intelligence.scope.scopes import Experience, scope_inquiries
from opslayer.intelligence.scope.similar import Past
from opslayer.intelligence.wording import written

__all__ = [
    "Documents",
    "Experience",
    "Past",
    "backtest",
    "backtest_verdict",
    "headline",
    "run",
    "scope_inquiries",
    "write_documents",
]


def run(layer: Queries, *, as_of: date) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: scope, scope_role, scope_similar, scope_backtest.

    It reads the inquiries that were published. Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    past = Past(layer.query("projects_ended"), layer.query("project_skill"))
    currencies = layer.query("latest_rates").cast({"rate": pl.Float64})
    known = Experience(
        past, layer.query("project_role"), layer.query("role_rates"), dict(currencies.iter_rows())
    )
    tables = scope_inquiries(layer.query("inquiries_named"), known, as_of=as_of)
    return tables | {"scope_backtest": backtest(past, as_of=as_of)}


def headline(scopes: pl.DataFrame, *, currency: str) -> str:
    """One sentence: how many scopes are drafted, and what they come to."""
    if scopes.is_empty():
        return "No inquiry says enough for a scope, or too few projects have ended to draw one from."
    lower, middle, upper = (
        written(Decimal(str(scopes[name].sum())), currency)
        for name in ("price_lower_80_base", "price_base", "price_upper_80_base")
    )
    return (
        f"**{len(scopes)} scopes** are drafted for a partner to edit: {middle} in all at today's prices, "
        f"{lower} to {upper} at the ends of their ranges."
    )


def backtest_verdict(measured: pl.DataFrame) -> str:
    """One sentence: how such ranges would have held; empty history is said."""
    if measured.is_empty():
        return "Too few projects have ended to test the ranges."
    value = {(row["model"], row["metric"]): row["value"] for row in measured.to_dicts()}
    return (
        f"Of the {measured['projects'][0]} projects that ended last, {value[MODEL, 'coverage_80']:.0%} would "
        f"have lain within such a range of 80%, and {value[BASELINE, 'coverage_80']:.0%} within one from all "
        f"projects; the middle was {value[MODEL, 'error']:.0%} off, the hours as agreed "
        f"{value[BASELINE, 'error']:.0%}."
    )
