"""Whom to call back first: points for what is at stake, for calling again, and for waiting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from opslayer.intelligence.tables import MONEY, typed

MODEL, VERSION = "points for stake, insistence and waiting", "1"
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "call_id": pl.String(), "rank": pl.Int64(), "number": pl.String(),
        "party_id": pl.String(), "name": pl.String(), "calls": pl.Int64(), "hours_waiting": pl.Float64(),
        "at_stake_base": MONEY, "score": pl.Float64(), "reasons": pl.String(), "model": pl.String(),
        "model_version": pl.String(),
    }
)  # fmt: skip


def rank_callers(waiting: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row a caller nobody has spoken with, first first. `waiting` has the columns of the query
    calls_waiting.

    Points: one for every tenfold of 1,000 at stake, one for being a client, a half for each call again, one
    for each working day's eight hours of waiting, three at most. Who is equal goes by who called first.
    """
    stake = pl.col("owed_base") + pl.col("offered_base")
    thousands = stake.cast(pl.Float64).clip(0) / 1000
    points = (
        (1 + thousands).log10()
        + pl.col("party_id").is_not_null().cast(pl.Float64)
        + 0.5 * (pl.col("calls") - 1)
        + (pl.col("hours_waiting") / 8).clip(0, 3)
    )
    ordered = waiting.with_columns(score=points.round(3), at_stake_base=stake).sort(
        "score", "hours_waiting", "call_id", descending=[True, True, False]
    )
    told = [
        _reason(*row)
        for row in ordered.select(
            "party_id", "calls", "hours_waiting", "owed_base", "offered_base"
        ).iter_rows()
    ]
    return typed(
        ordered.with_columns(
            as_of=pl.lit(as_of),
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
            reasons=pl.Series(told, dtype=pl.String),
            model=pl.lit(MODEL),
            model_version=pl.lit(VERSION),
        ),
        SCHEMA,
    )


def _reason(party: str | None, calls: int, hours: float, owed: Decimal, offered: Decimal) -> str:
    told = [
        "A client." if party else "Nobody we know yet.",
        f"Called {'once' if calls == 1 else f'{calls} times'}, first {hours:,.0f} hours ago.",
    ]
    if owed > 0:
        told.append(f"{owed:,.0f} of its invoices is open.")
    if offered > 0:
        told.append(f"{offered:,.0f} is offered to it.")
    return " ".join(told)
