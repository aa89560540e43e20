"""Calls: how many to expect by the hour, who it takes to answer them, and whom to call back first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

import polars as pl

from opslayer.intelligence.calls.call_back import questions, rank_callers
from opslayer.intelligence.calls.interval import call_volume, intervals
from opslayer.intelligence.calls.staffing import agents, service_level
from opslayer.intelligence.calls.volume import Volume, volume
from opslayer.intelligence.layer import Queries, hold_to_day

AT_MOST = 7  # days after which nobody expects a call any more

__all__ = [
    "Volume",
    "agents",
    "call_volume",
    "headline",
    "intervals",
    "next_day",
    "rank_callers",
    "run",
    "service_level",
    "volume",
]


class Answering(Protocol):
    """Whoever answers for a capability; `opslayer.modelops.Models` does."""

    def ask(self, capability: str, given: pl.DataFrame, *, as_of: date, moment: datetime) -> pl.DataFrame: ...


def run(layer: Queries, models: Answering, *, as_of: date, moment: datetime) -> dict[str, pl.DataFrame]:
    """The tables of the question, by name: call_volume, call_back.

    Raises UsageError where the snapshot is of another day.
    """
    hold_to_day(layer, as_of)
    holidays = set(layer.query("holidays")["day"].to_list())
    drawn = intervals(layer.query("call_log"), holidays, as_of=as_of)
    to_come = layer.query("call_history").filter(pl.col("known_at").is_null())
    waiting = layer.query("calls_to_return", hours=0, at_most=AT_MOST)
    expected = models.ask("call_volume", drawn, as_of=as_of, moment=moment)
    missed = models.ask("missed_call", to_come, as_of=as_of, moment=moment)
    ranked = models.ask("call_back", questions(waiting), as_of=as_of, moment=moment)
    return {
        "call_volume": call_volume(drawn, expected, missed, as_of=as_of),
        "call_back": rank_callers(waiting, ranked, as_of=as_of),
    }


def next_day(expected: pl.DataFrame) -> pl.DataFrame:
    """The intervals of the first day to come."""
    return expected.filter(pl.col("day") == pl.col("day").min()).sort("starts_at")


def headline(expected: pl.DataFrame, waiting: pl.DataFrame) -> str:
    """One sentence: the calls of the next days, when most are missed, and who waits."""
    if expected.is_empty():
        return "Too few calls are on record to say how many will come."
    worst = expected.sort("probability_missed", descending=True)
    days = expected["day"].n_unique()
    return (
        f"About **{expected['calls'].sum():,.0f} calls** come in the next {days} days open. From "
        f"{worst['starts_at'][0]} a call is missed most often: **{worst['probability_missed'][0]:.0%}**. "
        f"**{len(waiting)}** callers wait to be called back."
    )
