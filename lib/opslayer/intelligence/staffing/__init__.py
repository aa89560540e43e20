"""The team a project has against what its remaining work needs, and the change that mends most of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.layer import Queries, hold_to_day
from opslayer.intelligence.staffing.change import staffing_change
from opslayer.intelligence.staffing.need import planned_weeks, staffing_need, totals
from opslayer.intelligence.staffing.optimiser import Problem, Solution, propose, worth_of
from opslayer.intelligence.staffing.problem import CHANGES
from opslayer.intelligence.wording import written

__all__ = [
    "CHANGES",
    "Problem",
    "Solution",
    "headline",
    "propose",
    "run",
    "staffing_change",
    "staffing_need",
    "totals",
    "worth_of",
]


def run(layer: Queries, *, as_of: date, changes: int = CHANGES) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: staffing_need, staffing_change.

    At most `changes` people and projects are brought together or apart. Raises UsageError where the snapshot
    is of another day.
    """
    hold_to_day(layer, as_of)
    plan = layer.query("staffing_plan")
    need = staffing_need(
        layer.query("staffing_work"),
        layer.query("staffing_roles"),
        plan,
        as_of=as_of,
        weeks=planned_weeks(plan, as_of),
    )
    change, _ = staffing_change(
        need,
        layer.query("staffing_people"),
        plan,
        layer.query("skills"),
        layer.query("staffing_teams"),
        as_of=as_of,
        changes=changes,
    )
    return {"staffing_need": need, "staffing_change": change}


def headline(need: pl.DataFrame, change: pl.DataFrame, *, currency: str) -> str:
    """Two sentences: how much is missing and spare, and what the change would do and cost."""
    if need.is_empty():
        return "No client project has work left or people planned."
    lacking, weeks = need.filter(pl.col("gap_hours") > 0), need["week_start"].n_unique()
    told = (
        f"Over the next {weeks} weeks **{lacking['project_id'].n_unique():,} projects** lack "
        f"**{lacking['gap_hours'].sum():,.0f} hours**; others are planned for "
        f"{need['surplus_hours'].sum():,.0f} hours more than their remaining work needs."
    )
    if change.is_empty():
        return f"{told} No change is proposed."
    costs = ("dearer_base", "above_target_base", "switching_base")
    cost = sum((Decimal(change[name].sum()) for name in costs), Decimal(0))
    return (
        f"{told} **{change['change_id'].n_unique()} changes** would cover "
        f"{change['hours'].sum():,.0f} of them, "
        f"worth {written(Decimal(change['value_base'].sum()), currency)} of work, "
        f"for {written(cost, currency)}."
    )
