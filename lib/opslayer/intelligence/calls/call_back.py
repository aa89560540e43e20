"""Whom to call back first: points for what is at stake, for calling again, and for waiting."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from opslayer.intelligence.tables import MONEY, typed

SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "call_id": pl.String(), "rank": pl.Int64(), "number": pl.String(),
        "party_id": pl.String(), "name": pl.String(), "calls": pl.Int64(), "hours_waiting": pl.Float64(),
        "at_stake_base": MONEY, "score": pl.Float64(), "reasons": pl.String(), "model": pl.String(),
        "model_version": pl.String(),
    }
)  # fmt: skip


def questions(waiting: pl.DataFrame) -> pl.DataFrame:
    """What is asked of each caller nobody has spoken with: `waiting` as of the query calls_to_return."""
    return waiting.select(
        "calls",
        "hours_waiting",
        call_id="subject",
        is_client=pl.col("party_id").is_not_null(),
        owed=pl.col("owed_base").cast(pl.Float64),
        offered=pl.col("offered_base").cast(pl.Float64),
    )


def points(rows: pl.DataFrame) -> pl.DataFrame:
    """How soon to call each back: answer, confidence (none), reasons.

    One point for every tenfold of 1,000 at stake, one for being a client, a half for each call again, one for
    each working day's eight hours of waiting, three at most.
    """
    stake = (pl.col("owed") + pl.col("offered")).clip(0) / 1000
    answer = (
        (1 + stake).log10()
        + pl.col("is_client").cast(pl.Float64)
        + 0.5 * (pl.col("calls") - 1)
        + (pl.col("hours_waiting") / 8).clip(0, 3)
    )
    told = [_reason(row) for row in rows.iter_rows(named=True)]
    return rows.select(
        answer=answer.round(3),
        confidence=pl.lit(None, pl.Float64),
        reasons=pl.Series(told, dtype=pl.String),
    )


def hours_waited(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: who waits longest."""
    told = pl.format("Has waited for {} hours.", pl.col("hours_waiting").round(0).cast(pl.Int64))
    return rows.select(answer="hours_waiting", confidence=pl.lit(None, pl.Float64), reasons=told)


def rank_callers(waiting: pl.DataFrame, answers: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """One row a caller, first first, by what was answered of each; who is equal goes by who called first."""
    rows = (
        waiting.rename({"subject": "call_id"})
        .drop("as_of", strict=False)
        .join(answers, left_on="call_id", right_on="subject", maintain_order="left")
        .with_columns(score="answer", at_stake_base=pl.col("owed_base") + pl.col("offered_base"))
        .sort("score", "hours_waiting", "call_id", descending=[True, True, False], nulls_last=True)
    )
    ranked = rows.with_columns(as_of=pl.lit(as_of), rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return typed(ranked, SCHEMA)


def _reason(row: dict[str, Any]) -> str:
    told = [
        "A client." if row["is_client"] else "Nobody we know yet.",
        f"Called {_times(row['calls'])}, first {row['hours_waiting']:,.0f} hours ago.",
    ]
    if row["owed"] > 0:
        told.append(f"{row['owed']:,.0f} of its invoices is open.")
    if row["offered"] > 0:
        told.append(f"{row['offered']:,.0f} is offered to it.")
    return " ".join(told)


def _times(calls: int) -> str:
    return "once" if calls == 1 else f"{calls} times"
