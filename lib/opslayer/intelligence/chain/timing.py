"""When a deal's people are needed and when its money comes: two dates, and why they are not one."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

WHY = (
    "The two are read from different things on purpose. People are planned by the start and the length that "
    "the deal itself names; money follows how won deals of its size were invoiced, as the quarter's forecast "
    "has it."
)


def timing(walk: pl.DataFrame) -> str:
    """By when half of a deal's hours and of its revenue are there, and why they differ.

    `walk` has the columns of what_if.walk; a deal that is lost is told as it was. Nothing is said of one that
    has no hours or no revenue.
    """
    side = "after" if (walk.filter(step="revenue")["after"] > 0).any() else "before"
    hours, money = (_half(walk, step, side) for step in ("demand", "revenue"))
    if hours is None or money is None:
        return ""
    first, is_later = hours
    needed = "later than these weeks" if is_later else f"by the end of the week of {_day(first)}"
    month, is_later = money
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    comes = "later than these months" if is_later else f"by {_day(last)}"
    return f"Half of its hours are needed {needed}, half of its revenue comes {comes}. {WHY}"


def _half(walk: pl.DataFrame, step: str, side: str) -> tuple[date, bool] | None:
    """The cell by which half of a step is there, and whether it is that of all that is later."""
    cells = walk.filter(pl.col("step") == step, pl.col(side) > 0).sort("starts_on")
    if cells.is_empty():
        return None
    running = cells[side].cast(pl.Float64).cum_sum()
    reached = cells.row(int((running >= running[-1] / 2).arg_max() or 0), named=True)
    return reached["starts_on"], reached["is_later"]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
