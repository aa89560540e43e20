"""Why a month differs from budget and the month before: drivers that add up, and a paragraph on them."""

from __future__ import annotations

from datetime import date
from typing import get_args

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.variance.drivers import (
    DRIVERS,
    Comparison,
    explain,
    explain_months,
    latest_drivers,
)
from opslayer.intelligence.variance.narrative import SCHEMA as NARRATIVE_SCHEMA
from opslayer.intelligence.variance.narrative import Fact, draft, latest_paragraph, verify_numbers

__all__ = [
    "DRIVERS",
    "Comparison",
    "Fact",
    "draft",
    "explain",
    "latest_drivers",
    "latest_paragraph",
    "run",
    "verify_numbers",
]

MONTHS = 12
"""Closed months explained by a run."""


def run(layer: Queries, *, as_of: date, currency: str, months: int = MONTHS) -> dict[str, pl.DataFrame]:
    """The tables of the variance explanation, by name: variance_driver, variance_narrative.

    Explains the last `months` months that had ended by `as_of`, against budget where there is one, and
    against the month before. Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    pnl, revenue = layer.query("pnl_comparison"), layer.query("revenue_driver")
    ended = pnl.filter(pl.col("month").dt.month_end() <= as_of)["month"]
    closed = ended.unique().sort().to_list()[-months:]
    comparisons = get_args(Comparison)
    drivers = explain_months(pnl, revenue, months=closed, comparisons=comparisons, as_of=as_of)
    narratives = [
        draft(drivers, pnl, month=month, comparison=comparison, currency=currency, as_of=as_of)
        for month in closed
        for comparison in comparisons
    ]
    return {
        "variance_driver": drivers,
        "variance_narrative": pl.concat([pl.DataFrame(schema=NARRATIVE_SCHEMA), *narratives]),
    }
