"""What a replay comes to: by month, by subject, what stopped it, whom other rules would have written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from opslayer.actions.replay.past import PastDay


def by_month(firings: pl.DataFrame, days: Sequence[PastDay]) -> pl.DataFrame:
    """One row a month that has a snapshot, first to last.

    month, snapshots (kept or rebuilt), rebuilt, firings, amount (base currency), stopped (of the firings).
    """
    looked = pl.DataFrame(
        [(one.day, one.source == "rebuilt") for one in days],
        schema={"day": pl.Date, "rebuilt": pl.Boolean},
        orient="row",
    )
    months = looked.group_by(month=pl.col("day").dt.truncate("1mo")).agg(
        snapshots=pl.len(), rebuilt=pl.col("rebuilt").sum()
    )
    fired = firings.group_by(month=pl.col("day").dt.truncate("1mo")).agg(
        firings=pl.len(), amount=pl.col("amount").sum(), stopped=pl.col("stopped_by").count()
    )
    return months.join(fired, on="month", how="left").fill_null(0).sort("month")


def by_subject(firings: pl.DataFrame, most: int = 10) -> pl.DataFrame:
    """The subjects with the most money at their largest firing: subject, name, firings, amount."""
    return (
        firings.group_by("subject")
        .agg(name=pl.col("name").last(), firings=pl.len(), amount=pl.col("amount").max())
        .sort("amount", "subject", descending=[True, False])
        .head(most)
        .select("subject", "name", "firings", "amount")
    )


def by_guardrail(firings: pl.DataFrame) -> pl.DataFrame:
    """What would have stopped firings on their day: stopped_by, firings, amount, and one reason."""
    return (
        firings.filter(pl.col("stopped_by").is_not_null())
        .group_by("stopped_by")
        .agg(firings=pl.len(), amount=pl.col("amount").sum(), why=pl.col("why").first())
        .sort("firings", "stopped_by", descending=[True, False])
    )


def overlaps(firings: pl.DataFrame, others: pl.DataFrame, *, window: timedelta) -> pl.DataFrame:
    """Other rules that would have written to a client of these firings, within the window of its budget.

    One row a rule: other_rule, clients, firings (of these), before or after alike.
    """
    near = firings.filter(pl.col("client").is_not_null()).join(
        others.select("client", other_rule="rule", other_day="day"), on="client"
    )
    apart = (pl.col("day") - pl.col("other_day")).abs() < window
    return (
        near.filter(apart)
        .group_by("other_rule")
        .agg(
            clients=pl.col("client").n_unique(),
            firings=pl.struct("day", "subject", "step").n_unique(),
        )
        .sort("clients", "other_rule", descending=[True, False])
    )


def coverage(days: Sequence[PastDay], *, since: date, until: date, unasked: int = 0) -> str:
    """In words: how much of the time was looked at, and on what; `unasked` days could not be."""
    kept = sum(one.source == "kept" for one in days)
    rebuilt = len(days) - kept
    said = f"{len(days)} days between {since} and {until} were looked at: {kept} as published"
    if rebuilt:
        said += (
            f", {rebuilt} built anew from what has landed (facts as of their day; states without a date, "
            "like disputed or an address, as of today)"
        )
    if unasked:
        said += f"; {unasked} more had not yet the tables that the rule asks"
    if not days or days[0].day > since + timedelta(days=31):
        first = f"nothing before {days[0].day}" if days else "nothing"
        said += f"; {first} is kept"
    return f"{said}."
