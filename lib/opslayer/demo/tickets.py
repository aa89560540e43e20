"""Tickets of clients whose systems the firm runs: in truth, and as an incident log writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl

from opslayer.demo.office import ZONE, stamp

Tables = dict[str, pl.DataFrame]
Row = dict[str, Any]

TICKETS, WEEKS_BACK = 2_000, 26  # in that time, at scale 1
FIRST_LINE = "Service desk"
STRAY, KNOWN_AT_ONCE = 0.06, 0.4  # end with any team; are opened with the team that ends them
LATE_AWAY = 0.15  # added to the chance of missing the promise where the caller is at a site
RUNS_SYSTEMS = "Managed service"  # the practice whose people resolve
PLACES, CHANNELS = ("Office", "Office", "Office", "Site"), ("Phone", "Mail", "Portal")
PRIORITIES = ("2 - High", "3 - Moderate", "3 - Moderate", "4 - Low")
PROMISED = {"2 - High": 16, "3 - Moderate": 48, "4 - Low": 96}  # hours
CLOSES = timedelta(days=5)  # after it was resolved, as in incident_event_log


@dataclass(frozen=True)
class Matter:
    """What tickets are about: the team that ends most of them, and the chance that its promise is missed."""

    category: str
    subcategory: str
    team: str
    late: float


MATTERS = (
    Matter("Application", "Login", FIRST_LINE, 0.04),
    Matter("Application", "Screen hangs", "Applications", 0.12),
    Matter("Application", "Interface stopped", "Applications", 0.65),
    Matter("Infrastructure", "Disk full", "Cloud operations", 0.08),
    Matter("Infrastructure", "Backup failed", "Cloud operations", 0.15),
    Matter("Infrastructure", "Slow network", "Network", 0.2),
    Matter("Data", "Load failed", "Data platform", 0.6),
    Matter("Data", "Figures differ", "Data platform", 0.25),
    Matter("Request", "New user", FIRST_LINE, 0.03),
    Matter("Request", "Access", FIRST_LINE, 0.05),
)
TEAMS = tuple(dict.fromkeys(matter.team for matter in MATTERS))
STATES = {
    "new": "New", "active": "Active", "waiting": "Awaiting User Info", "resolved": "Resolved",
    "closed": "Closed",
}  # fmt: skip


TOLD_BY_CHANGES = ("person_id", "state", "ended_at", "within_sla", "updated_at")
NOBODY_SAYS = ("symptom", "item", "due_at")


def ticket_tables(work: Tables, *, as_of: date, seed: int, scale: float, key: dict[str, Any]) -> Tables:
    """The template tables ticket and ticket_event, up to the morning of `as_of`.

    Adds to the key of each ticket still open the team that would end it, and the chance that it is late.
    """
    chance = np.random.default_rng([seed, 64])
    here = work["person"].filter(pl.col("left_on").is_null(), practice=RUNS_SYSTEMS)["person_id"].to_list()
    clients = sorted(work["project"]["party_id"].drop_nulls().unique().to_list())
    midnight, until = (datetime.combine(as_of, at, ZONE) for at in (time(), time(6)))
    span = timedelta(weeks=WEEKS_BACK).total_seconds()
    began = sorted(float(second) for second in chance.uniform(0, span, max(40, round(TICKETS * scale))))
    tickets: list[Row] = []
    events: list[Row] = []
    still_open: dict[str, Row] = {}
    for number, second in enumerate(began, start=1):
        at = _in_hours(midnight - timedelta(seconds=span - second))
        matter = MATTERS[int(chance.integers(len(MATTERS)))]
        client = clients[int(chance.integers(len(clients)))]
        place, priority = (str(chance.choice(of)) for of in (PLACES, PRIORITIES))
        late_chance = min(matter.late + (LATE_AWAY if place == "Site" else 0.0), 0.95)
        team = str(chance.choice(TEAMS)) if chance.random() < STRAY else matter.team
        first = team if chance.random() < KNOWN_AT_ONCE else FIRST_LINE
        late = chance.random() < late_chance
        hours = PROMISED[priority] * (chance.uniform(1.2, 4) if late else chance.uniform(0.1, 0.9))
        who = here[int(chance.integers(len(here)))] if here else None
        ticket_id = f"INC{number:07d}"
        tickets.append(
            {
                "ticket_id": ticket_id,
                "number": ticket_id,
                "subject": f"{matter.category}, {matter.subcategory}",
                "party_id": client,
                "team": first,
                "channel": str(chance.choice(CHANNELS)),
                "place": place,
                "category": matter.category,
                "subcategory": matter.subcategory,
                "impact": "2 - Medium",
                "urgency": "2 - Medium",
                "priority": priority,
                "opened_by": f"Agent {int(chance.integers(1, 9))}",
                "caller": f"{client}-{int(chance.integers(1, 4))}",
                "opened_at": stamp(at),
            }
            | dict.fromkeys((*TOLD_BY_CHANGES, *NOBODY_SAYS))
        )
        mine = _life(at, at + timedelta(hours=float(hours)), first, team, who, late=late, chance=chance)
        seen = [event for event in mine if event["happened_at"] <= until]
        for position, event in enumerate(seen):
            events.append(
                {"event_id": f"{ticket_id}-{position}", "ticket_id": ticket_id, "position": str(position)}
                | event
                | {"happened_at": stamp(event["happened_at"])}
            )
        if seen[-1]["state"] not in ("resolved", "closed"):
            still_open[ticket_id] = {"team": matter.team, "late_chance": round(late_chance, 2)}
    key["tickets_open"] = still_open
    return {
        "ticket": pl.DataFrame(tickets, infer_schema_length=None),
        "ticket_event": pl.DataFrame(events, infer_schema_length=None),
    }


def _in_hours(at: datetime) -> datetime:
    """The same moment where somebody works, else the same hour of the Friday before; minutes only."""
    weekday = at - timedelta(days=max(at.weekday() - 4, 0))
    hour = 7 + weekday.hour % 12
    return weekday.replace(hour=hour, second=0, microsecond=0).astimezone(UTC)


def _life(
    at: datetime, resolved: datetime, first: str, team: str, who: str | None, *, late: bool,
    chance: np.random.Generator,
) -> list[Row]:  # fmt: skip
    """Its changes in order: opened, handed on, at times waiting, resolved, closed."""

    def change(when: datetime, state: str, has_it: str, person: str | None, *, kept: bool = True) -> Row:
        when = when.replace(second=0, microsecond=0)
        row = {"happened_at": when, "state": state, "team": has_it, "person_id": person}
        return row | {"within_sla": "true" if kept else "false"}

    took = resolved - at
    mine = [change(at, "new", first, None), change(at + took * 0.2, "active", team, who)]
    if chance.random() < 0.2:
        mine.append(change(at + took * 0.5, "waiting", team, who))
    mine.append(change(resolved, "resolved", team, who, kept=not late))
    mine.append(change(resolved + CLOSES, "closed", team, who, kept=not late))
    return mine


def incident_tables(
    tickets: pl.DataFrame, events: pl.DataFrame, people: pl.DataFrame, clients: pl.DataFrame
) -> Tables:
    """The log, a row a change with all that was said at first; whose caller and resolver each is."""
    resolver = {person: f"Resolver {place}" for place, person in enumerate(people["person_id"], start=1)}
    company = dict(clients.select("party_id", "name").iter_rows())
    rows = events.join(tickets.drop("team", *TOLD_BY_CHANGES), on="ticket_id", maintain_order="left")
    written = "%d/%m/%Y %H:%M"
    log = rows.select(
        pl.col("number"),
        pl.col("position").alias("sys_mod_count"),
        pl.col("state").replace_strict(STATES).alias("incident_state"),
        pl.col("within_sla").alias("made_sla"),
        pl.col("caller").alias("caller_id"),
        pl.col("opened_by"),
        pl.col("opened_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.strftime(written),
        pl.col("happened_at")
        .str.to_datetime("%Y-%m-%dT%H:%M:%SZ")
        .dt.strftime(written)
        .alias("sys_updated_at"),
        pl.col("channel").alias("contact_type"),
        pl.col("place").alias("location"),
        pl.col("category"),
        pl.col("subcategory"),
        pl.lit("?").alias("u_symptom"),
        pl.lit("?").alias("cmdb_ci"),
        pl.col("impact", "urgency", "priority"),
        pl.col("team").alias("assignment_group"),
        pl.col("person_id").replace_strict(resolver, default="?").alias("assigned_to"),
    )
    callers = tickets.select(
        pl.col("caller").alias("caller_id"), pl.col("party_id").replace_strict(company).alias("company")
    )
    return {
        "incident_event_log": log,
        "callers": callers.unique(maintain_order=True).sort("caller_id"),
        "resolvers": pl.DataFrame({"assigned_to": list(resolver.values()), "email": people["email"]}),
    }
