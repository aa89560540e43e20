"""Whether there is room: hours an inquiry needs by skill and week, against those that are free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

WEEK_HOURS = (
    35  # hours a week somebody gives a project full time: 40 less leave, holidays and the firm's own time
)
FULL_TEAM = 2  # people, where nobody says how many


@dataclass(frozen=True)
class Need:
    """What an inquiry needs; null is what it does not say."""

    message_id: str
    skills: tuple[str, ...]
    hours: int | None
    people: int | None
    weeks: int | None
    starts_on: date | None

    def total_hours(self) -> int | None:
        """As stated; else its people over its weeks."""
        if self.hours is not None:
            return self.hours
        return self.people * self.weeks * WEEK_HOURS if self.people and self.weeks else None

    def whole_weeks(self) -> int | None:
        """As stated; else its hours by its people, or by a team of two."""
        if self.weeks is not None:
            return self.weeks
        return max(1, -(-self.hours // ((self.people or FULL_TEAM) * WEEK_HOURS))) if self.hours else None


def needed_and_free(need: Need, skill_capacity: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row a skill and week from its start to the end of the 13 weeks (marts.skill_capacity).

    Its hours are spread evenly over its weeks and skills; needed_hours is null where nothing says how many.
    """
    begins = max(need.starts_on or as_of, as_of + timedelta(days=7 - as_of.weekday()))
    first = begins - timedelta(days=begins.weekday())
    weeks, hours = need.whole_weeks(), need.total_hours()
    last = first + timedelta(weeks=weeks) if weeks else date.max
    each = hours / weeks / len(need.skills) if hours and weeks and need.skills else None
    weeks_ahead = skill_capacity.filter(
        pl.col("skill").is_in(list(need.skills)), pl.col("week_start") >= first, pl.col("week_start") < last
    )
    free = pl.col("free_hours").cast(pl.Float64)
    needed = pl.lit(each, pl.Float64)
    return weeks_ahead.select(
        pl.lit(need.message_id).alias("message_id"),
        "skill",
        "week_start",
        needed.alias("needed_hours"),
        free.alias("free_hours"),
        "people_free",
        (free >= needed).alias("fits"),
    ).sort("skill", "week_start")


def room(found: pl.DataFrame, skills: Sequence[str]) -> str:
    """One sentence on it."""
    if not skills:
        return "It names no skill of ours, so capacity cannot be looked up."
    if found.is_empty():
        return "It begins after the 13 weeks that are planned."
    least = found.group_by("skill").agg(pl.col("free_hours").min()).sort("skill").rows()
    told = ", ".join(f"{skill} {hours:,.0f}" for skill, hours in least)
    if found["needed_hours"].is_null().all():
        return f"Free in its tightest week, in hours: {told}."
    needed = float(found["needed_hours"][0])
    short = found.filter(~pl.col("fits"))
    if short.is_empty():
        return (
            f"There is room for {needed:,.0f} hours a week of each skill; free in the tightest week: {told}."
        )
    names = ", ".join(sorted(set(short["skill"])))
    weeks, all_weeks = short["week_start"].n_unique(), found["week_start"].n_unique()
    return (
        f"Short of {names} in {weeks} of {all_weeks} weeks: it needs {needed:,.0f} hours a week "
        f"of each skill; free in the tightest week: {told}."
    )
