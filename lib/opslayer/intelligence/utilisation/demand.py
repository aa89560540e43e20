"""What would mend it: free hours of people under their target, against hours that nobody is free for."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

import polars as pl

Row = dict[str, Any]
Heap = list[tuple[float, int, Row]]  # less hours, place in the table, row
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
    work: dict[tuple[str | None, str | None], Heap] = {}
    for place, row in enumerate(demand.to_dicts()):
        work.setdefault((row["practice"], row["role"]), []).append((-float(row["hours"]), place, row))
    for heap in work.values():
        heapify(heap)
    offers = {}
    for person in short.to_dicts():
        # work that asks for the role comes before work that any role may do
        fits = [work.get((person["practice"], role), []) for role in dict.fromkeys((person["role"], None))]
        offers[person["person_id"]] = _offer(person, ahead.get(person["person_id"]), fits)
    return offers


def _offer(person: Row, ahead: Row | None, fits: list[Heap]) -> Offer:
    """The offer to one person, the most open hours of each heap first; takes them out of it."""
    if ahead is None:
        return Offer(0.0, 0.0, ())
    available, assigned, free = (float(ahead[f"{name}_hours"]) for name in ("available", "assigned", "free"))
    needed = max(float(person["utilisation_target"]) * available - assigned, 0.0)
    left = min(needed, free)
    parts: list[tuple[float, str, bool]] = []
    for heap in fits:
        while heap and left >= LEAST and len(parts) < PLACES:
            minus_hours, place, row = heappop(heap)
            taken = float(int(min(left, -minus_hours)))
            left -= taken
            parts.append((taken, _project(row), row["kind"] == "colleague_over"))
            if -minus_hours - taken >= LEAST:
                heappush(heap, (minus_hours + taken, place, row))
    return Offer(needed, free, tuple(parts))


def _project(row: Row) -> str:
    return f"{row['project_name']} ({row['party_name']})" if row["party_name"] else str(row["project_name"])
