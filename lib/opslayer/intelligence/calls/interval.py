"""The firm's own call log by interval: calls to expect, who it takes, and the risk that one is missed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opslayer.intelligence.calls.staffing import agents
from opslayer.intelligence.calls.volume import volume
from opslayer.intelligence.tables import typed

Floats = NDArray[np.float64]
MINUTES = 60
AHEAD = 5  # days open
FEWEST_DAYS = 10
OPEN_SHARE = 0.2  # of a weekday's dates that had calls, from which it counts as open
SERVICE = (0.8, 20.0)  # share of calls answered, within so many seconds: the trade's usual promise
HANDLING = 3.0  # minutes a call takes where the log does not say
DRAWN = pl.Schema(
    {
        "as_of": pl.Date(), "day": pl.Date(), "starts_at": pl.String(), "minutes": pl.Int64(),
        "subject": pl.String(), "slot": pl.String(), "modelled": pl.Float64(), "week_before": pl.Float64(),
        "why": pl.String(), "lower_80": pl.Float64(), "upper_80": pl.Float64(), "agents": pl.Int64(),
        "answered_by": pl.Float64(), "told": pl.String(),
    }
)  # fmt: skip
SCHEMA = pl.Schema(
    {
        "as_of": pl.Date(), "day": pl.Date(), "starts_at": pl.String(), "minutes": pl.Int64(),
        "calls": pl.Float64(), "lower_80": pl.Float64(), "upper_80": pl.Float64(), "agents": pl.Int64(),
        "answered_by": pl.Float64(), "probability_missed": pl.Float64(), "is_fallback": pl.Boolean(),
        "reasons": pl.String(), "model": pl.String(), "model_version": pl.String(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """Calls by day open (rows) and interval (columns): how many came and were missed, how many answered."""

    days: list[date]
    starts: list[int]  # minutes after midnight
    came: Floats
    missed: Floats
    people: Floats
    handling: float  # minutes


def intervals(calls: pl.DataFrame, holidays: Collection[date], *, as_of: date) -> pl.DataFrame:
    """One row a day open from as_of on and interval. `calls` has the columns of the query call_log.

    `modelled` is null, and `why` says so, where the same interval a week before was nearer. Empty where fewer
    than ten days have calls: too few to say anything.
    """
    log = counted(calls, holidays)
    if len(log.days) < FEWEST_DAYS:
        return pl.DataFrame(schema=DRAWN)
    weekdays = np.array([day.weekday() for day in log.days])
    open_on = set(weekdays.tolist())
    week = len(open_on)
    ahead = [day for day in (as_of + timedelta(days=step) for step in range(60)) if day.weekday() in open_on]
    ahead = [day for day in ahead if day not in holidays][:AHEAD]
    found = volume(log.came, weekdays, np.array([day.weekday() for day in ahead]), week=week)
    people = log.people.sum(axis=0) / np.maximum((log.people > 0).sum(axis=0), 1)
    rows = []
    for place, day in enumerate(ahead):
        for slot, start in enumerate(log.starts):
            upper = float(found.upper[place, slot])
            needed = agents(
                upper, minutes=MINUTES, handling_minutes=log.handling, answered=SERVICE[0], within=SERVICE[1]
            )
            rows.append(
                {
                    "as_of": as_of,
                    "day": day,
                    "starts_at": f"{start // 60:02d}:{start % 60:02d}",
                    "minutes": MINUTES,
                    "subject": f"{day} {start // 60:02d}:{start % 60:02d}",
                    "slot": f"{day:%A} {start // 60}",
                    "modelled": None if found.fallback else float(found.expected[place, slot]),
                    "week_before": float(log.came[len(log.days) - week + place % week, slot]),
                    "why": found.fallback or None,
                    "lower_80": float(found.lower[place, slot]),
                    "upper_80": upper,
                    "agents": needed,
                    "answered_by": float(people[slot]),
                    "told": _reason(log, slot, day, found.upper[place, slot], needed),
                }
            )
    return pl.DataFrame(rows, schema=DRAWN)


def counted(calls: pl.DataFrame, holidays: Collection[date]) -> Log:
    """The log by the hour, without holidays and weekdays on which hardly anybody calls."""
    if calls.is_empty():
        return Log([], [], *(np.empty((0, 0)),) * 3, HANDLING)
    called = set(calls["started_on"].to_list())
    first, last = min(called), max(called)
    every = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    days = [day for day in every if day not in holidays and _is_open(day, every, called)]
    slots = (pl.col("started_local").dt.hour().cast(pl.Int64) * 60).alias("slot")
    rows = calls.with_columns(slots).filter(pl.col("started_on").is_in(days))
    seen = rows["slot"]
    starts = list(range(int(seen.min()), int(seen.max()) + MINUTES, MINUTES)) if len(seen) else []  # type: ignore[arg-type]
    came, missed, people = (np.zeros((len(days), len(starts))) for _ in range(3))
    place = {day: number for number, day in enumerate(days)}
    grouped = rows.group_by("started_on", "slot").agg(
        came=pl.len(),
        missed=(pl.col("outcome") != "answered").sum(),
        people=pl.col("person_id").filter(pl.col("outcome") == "answered").n_unique(),
    )
    for day, slot, calls_in, lost, who in grouped.iter_rows():
        where = place[day], (slot - starts[0]) // MINUTES
        came[where], missed[where], people[where] = calls_in, lost, who
    taken = rows.filter(pl.col("outcome") == "answered", pl.col("minutes") > 0)["minutes"]
    handling = float(taken.mean()) if len(taken) else HANDLING  # type: ignore[arg-type]
    return Log(days, starts, came, missed, people, handling)


def call_volume(
    drawn: pl.DataFrame, expected: pl.DataFrame, missed: pl.DataFrame, *, as_of: date
) -> pl.DataFrame:
    """The table call_volume: `drawn` as `intervals`, with the answers of each and of its hour of the week."""
    risks = missed.select(slot="subject", probability_missed="answer")
    rows = (
        drawn.join(expected.drop("as_of"), on="subject", maintain_order="left")
        .join(risks, on="slot", how="left", maintain_order="left")
        .with_columns(
            as_of=pl.lit(as_of),
            calls="answer",
            lower_80=pl.min_horizontal("lower_80", "answer"),
            upper_80=pl.max_horizontal("upper_80", "answer"),
            reasons=pl.concat_str("told", "reasons", separator=" "),
        )
    )
    return typed(rows, SCHEMA)


def by_total_and_shape(rows: pl.DataFrame) -> pl.DataFrame:
    """What was modelled, and none where the week before was nearer: then its `why` is the reason."""
    told = pl.coalesce("why", pl.lit("By the day's total and the shape of its weekday."))
    return rows.select(answer="modelled", confidence=pl.lit(None, pl.Float64), reasons=told)


def week_before(rows: pl.DataFrame) -> pl.DataFrame:
    """The fallback: the same interval a week before."""
    told = pl.concat_str("why", pl.lit("So many came a week before."), separator=" ", ignore_nulls=True)
    return rows.select(answer="week_before", confidence=pl.lit(None, pl.Float64), reasons=told)


def _is_open(day: date, every: list[date], called: set[date]) -> bool:
    alike = [other for other in every if other.weekday() == day.weekday()]
    return sum(other in called for other in alike) >= OPEN_SHARE * len(alike)


def _reason(log: Log, slot: int, day: date, upper: float, needed: int) -> str:
    came, missed = log.came[:, slot].sum(), log.missed[:, slot].sum()
    start = f"{log.starts[slot] // 60:02d}:{log.starts[slot] % 60:02d}"
    return (
        f"In {len(log.days)} days, {came:,.0f} came in the hour from {start}, {missed:,.0f} were missed. "
        f"Up to {upper:,.0f} on {day:%A} at {log.handling:.0f} minutes each take {needed} "
        f"{'person' if needed == 1 else 'people'} to answer {SERVICE[0]:.0%} within {SERVICE[1]:.0f} seconds."
    )
