"""Expected demand by practice, role and week, against capacity: shortage and bench, and how likely."""

from __future__ import annotations

from datetime import date

import polars as pl

from opslayer.intelligence.demand.balance import WEEKS, capacity_balance
from opslayer.intelligence.demand.pipeline import WEIGHTS, Deals, deals_of, hourly, weeks_from, whole
from opslayer.intelligence.layer import Queries
from opslayer.intelligence.staffing import staffing_need

__all__ = [
    "WEEKS",
    "WEIGHTS",
    "Deals",
    "capacity_balance",
    "deals_of",
    "headline",
    "hourly",
    "project_need",
    "weeks_from",
    "whole",
]


def project_need(layer: Queries, *, as_of: date) -> pl.DataFrame:
    """Hours that projects under way need in the next WEEKS weeks (columns of intelligence.staffing_need)."""
    return staffing_need(
        layer.query("staffing_work"),
        layer.query("staffing_roles"),
        layer.query("staffing_plan"),
        as_of=as_of,
        weeks=WEEKS,
    )


def headline(balance: pl.DataFrame) -> str:
    """Two sentences: where people will be short, and where they will be idle."""
    if balance.is_empty():
        return "Nobody's availability is known, so nothing can be said of shortage or bench."
    short = balance.filter(pl.col("probability_short") >= 0.5)
    told = (
        f"Over the next {balance['week_start'].n_unique()} weeks "
        f"**{balance['shortage_hours'].sum():,.0f} hours** of demand are expected to lie above "
        f"what the firm means to bill, and "
        f"**{balance['bench_hours'].sum():,.0f} hours** of what it means to bill have no demand."
    )
    if short.is_empty():
        return f"{told} No role is more likely short than not in any week."
    worst = (
        short.group_by("practice", "role")
        .agg(pl.col("shortage_hours").sum(), pl.len().alias("weeks"))
        .sort("shortage_hours", "practice", "role", descending=[True, False, False])
        .row(0, named=True)
    )
    return (
        f"{told} Shortest: **{worst['role']} in {worst['practice']}**, "
        f"{worst['shortage_hours']:,.0f} hours in {worst['weeks']} weeks."
    )
