"""What would mend it: free hours of people under their target, against hours that nobody is free for."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import polars as pl

Row = dict[str, Any]
LEAST = 4.0  # hours: less is not worth a change of team
PLACES = 3  # projects a person is offered at most


@dataclass(frozen=True)
class Offer:
    """Open work that fits a person: (hours, project, whether a colleague has them planned already)."""

    needed: float
    free: float
    parts: tuple[tuple[float, str, bool], ...]

    @property
    def hours(self) -> float:
        return sum(hours for hours, _, _ in self.parts)


def match_demand(short: pl.DataFrame, free: pl.DataFrame, demand: pl.DataFrame) -> dict[str, Offer]:
    """What each of `short` could take on in the next four weeks, by person_id; first come, first served.

    `short` has person_id, practice, role and utilisation_target, the most urgent first. `free` has hours
    ahead by person_id: available_hours, assigned_hours, free_hours. `demand` is the query open_demand. A
    person is offered work of the own practice, in the own role or where none is asked for, up to what the
    target asks of the hours ahead; hours that are offered to one are not offered to the next.
    """
    ahead = {row["person_id"]: row for row in free.to_dicts()}
    asked: dict[tuple[str | None, str | None], list[Row]] = {}
    for row in demand.with_columns(pl.col("hours").cast(pl.Float64)).to_dicts():
        asked.setdefault((row["practice"], row["role"]), []).append(row)
    return {
        person["person_id"]: _offer(
            person,
            ahead.get(person["person_id"]),
            # work that asks for the role comes before work that any role may do
            [asked.get((person["practice"], role), []) for role in dict.fromkeys((person["role"], None))],
        )
        for person in short.to_dicts()
    }


def _offer(person: Row, ahead: Row | None, demand: list[list[Row]]) -> Offer:
    """The offer to one person, the most open hours of each list first; takes them out of `demand`."""
    if ahead is None:
        return Offer(0.0, 0.0, ())
    available, assigned, free = (float(ahead[f"{name}_hours"]) for name in ("available", "assigned", "free"))
    needed = max(float(person["utilisation_target"]) * available - assigned, 0.0)
    left = min(needed, free)
    parts: list[tuple[float, str, bool]] = []
    for row in (row for rows in demand for row in nsmallest(PLACES, rows, key=_largest)):
        taken = float(int(min(left, row["hours"])))
        if taken < LEAST or len(parts) == PLACES:
            continue
        row["hours"] -= taken
        left -= taken
        parts.append((taken, _project(row), row["kind"] == "colleague_over"))
    return Offer(needed, free, tuple(parts))


def _largest(row: Row) -> tuple[float, str]:
    return -row["hours"], row["project_id"]


def _project(row: Row) -> str:
    return f"{row['project_name']} ({row['party_name']})" if row["party_name"] else str(row["project_name"])
