"""Appointments and calls of the last months and the next weeks, in the templates' tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

Tables = dict[str, pl.DataFrame]
Row = dict[str, Any]

ZONE = ZoneInfo("Europe/Dublin")
WEEKS_BACK, WEEKS_AHEAD = 13, 2
APPOINTMENTS, CALLS = 900, 2_900  # in that time, at scale 1
# 1,207 of 76,373 bookings of two hotels that were not cancelled did not come (Antonio et al. 2019, CC BY 4.0)
NO_SHOW = 0.016
CANCELLED, REBOOKED, CONFIRMED = 0.09, 0.5, 0.4  # ours: hotels cancel more than clients do
# share of a day's calls by the hour in which they begin, from 7: 27,716 counts of five minutes, 164 weekdays
# at a bank's call centre (robjhyndman/fpp3package aa01750, bank_calls); no row of it is in here
BY_HOUR = (3.1, 5.9, 9.9, 10.5, 10.1, 9.6, 9.2, 8.9, 8.6, 7.6, 5.7, 4.4, 3.5, 2.9)
INWARD, STRANGER, SWITCHBOARD, WITHHELD = 0.7, 0.25, 0.4, 0.2  # ours
MISSED, VOICEMAIL, NEVER_RETURNED = 0.07, 0.05, 0.15
AT_LUNCH = {12: 0.3, 13: 0.2}  # hours in which more are missed
CALM_DAYS = 14  # before today every missed call but the planted ones was returned
SUBJECTS = (
    "Review of the plan",
    "Steering group",
    "First look at the data",
    "Next phase",
    "Offer",
    "Handover",
)


@dataclass(frozen=True)
class Client:
    """Who is called and met: the client, who leads its last project, that project, and an open deal."""

    party: str
    person: str
    project: str
    deal: str | None
    number: str


def office_tables(work: Tables, *, as_of: date, seed: int, scale: float, key: dict[str, Any]) -> Tables:
    """The template tables appointment and call; adds to the key what is due of them on `as_of`."""
    clients = _clients(work)
    holidays = {date.fromisoformat(day) for day in work["holiday"]["day"]}
    appointments = _appointments(clients, holidays, as_of, np.random.default_rng([seed, 60]), scale)
    calls, due = _calls(clients, holidays, as_of, np.random.default_rng([seed, 61]), scale)
    key["appointments"] = _due(appointments, holidays, as_of)
    key["calls_to_return"] = due
    return {
        "appointment": pl.DataFrame(appointments, infer_schema_length=None),
        "call": pl.DataFrame(calls, infer_schema_length=None).sort("started_at", "call_id"),
    }


def _clients(work: Tables) -> list[Client]:
    """The clients whose last project somebody leads who is still here."""
    here = work["person"].filter(pl.col("left_on").is_null())["person_id"].implode()
    last = (
        work["project"]
        .filter(pl.col("party_id").is_not_null(), pl.col("manager_id").is_in(here))
        .sort("starts_on", "project_id")
        .unique("party_id", keep="last")
        .sort("party_id")
    )
    open_deals = (
        work["opportunity"].filter(outcome="open").sort("opportunity_id").unique("party_id", keep="first")
    )
    deals = dict(open_deals.select("party_id", "opportunity_id").iter_rows())
    return [
        Client(party, person, project, deals.get(party), _number(int(party[1:])))
        for party, person, project in last.select("party_id", "manager_id", "project_id").iter_rows()
    ]


def _number(place: int) -> str:
    """Of the range that ComReg sets aside for drama in Ireland, 020 91 and five digits: it is nobody's."""
    return f"+3532091{place:05d}"


def _days(first: date, last: date, holidays: set[date]) -> list[date]:
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in span if day.weekday() < 5 and day not in holidays]


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _appointments(
    clients: list[Client], holidays: set[date], as_of: date, chance: np.random.Generator, scale: float
) -> list[Row]:
    """By day; some were cancelled, half of those booked anew for a later day. Two stand on the next one."""
    days = _days(as_of - timedelta(weeks=WEEKS_BACK), as_of + timedelta(weeks=WEEKS_AHEAD), holidays)
    after = [day for day in days if day > as_of]
    count = max(30, round(APPOINTMENTS * scale))
    picked = sorted(int(n) for n in chance.integers(0, len(days), count))
    rows: list[Row] = []

    def book(day: date, client: Client, subject: str, status: str) -> None:
        begins = datetime.combine(
            day, time(9 + int(chance.integers(0, 8)), 30 * int(chance.integers(0, 2))), ZONE
        )
        booked = datetime.combine(
            min(day, as_of) - timedelta(days=int(chance.integers(4, 20))), time(11), ZONE
        )
        for_deal = client.deal is not None and chance.random() < 0.5
        online = chance.random() < 0.6
        changed = begins + timedelta(hours=2) if status in ("kept", "no_show") else booked + timedelta(days=3)
        number = len(rows) + 1
        rows.append(
            {
                "appointment_id": f"B{number:05d}",
                "subject": subject,
                "party_id": client.party,
                "person_id": client.person,
                "opportunity_id": client.deal if for_deal else None,
                "project_id": None if for_deal else client.project,
                "starts_at": stamp(begins),
                "ends_at": stamp(begins + timedelta(minutes=30 + 30 * int(chance.integers(0, 2)))),
                "place": f"https://meet.harrowvale.example/{number:05d}" if online else "At the client's",
                "status": status,
                "created_at": stamp(booked),
                "updated_at": stamp(changed),
            }
        )

    for place in picked:
        client, subject = (
            clients[int(chance.integers(len(clients)))],
            SUBJECTS[int(chance.integers(len(SUBJECTS)))],
        )
        status = _status(days[place], as_of, chance)
        book(days[place], client, subject, status)
        if status == "cancelled" and chance.random() < REBOOKED and place + 5 < len(days):
            book(days[place + 5], client, subject, _status(days[place + 5], as_of, chance, may_cancel=False))
    for status in ("booked", "confirmed"):
        book(after[0], clients[int(chance.integers(len(clients)))], SUBJECTS[0], status)
    return rows


def _status(day: date, as_of: date, chance: np.random.Generator, *, may_cancel: bool = True) -> str:
    if may_cancel and chance.random() < CANCELLED:
        return "cancelled"
    if day >= as_of:
        return "confirmed" if chance.random() < CONFIRMED else "booked"
    return "no_show" if chance.random() < NO_SHOW else "kept"


def _due(rows: list[Row], holidays: set[date], as_of: date) -> dict[str, dict[str, str]]:
    """Appointment -> whose it is, or with whom: to prepare, to confirm within three days, to follow up."""
    (tomorrow, *_) = _days(as_of + timedelta(days=1), as_of + timedelta(days=14), holidays)
    found: dict[str, dict[str, str]] = {"prepare": {}, "confirm": {}, "follow_up": {}}
    for row in rows:
        day = datetime.fromisoformat(row["starts_at"]).astimezone(ZONE).date()
        if row["status"] in ("booked", "confirmed") and as_of < day <= tomorrow:
            found["prepare"][row["appointment_id"]] = row["person_id"]
        if row["status"] == "booked" and 1 <= (day - as_of).days <= 3:
            found["confirm"][row["appointment_id"]] = row["party_id"]
        if row["status"] == "kept" and 1 <= (as_of - day).days <= 4:
            found["follow_up"][row["appointment_id"]] = row["party_id"]
    return found


def _calls(
    clients: list[Client], holidays: set[date], as_of: date, chance: np.random.Generator, scale: float
) -> tuple[list[Row], dict[str, str | None]]:
    """By day, and the reader of those that nobody returned lately; of others missed most were returned.

    The planted ones came on the last evening: from two clients' own numbers, one of them on the switchboard's
    line, and from two strangers, whose calls are nobody's.
    """
    days = _days(as_of - timedelta(weeks=WEEKS_BACK), as_of - timedelta(days=1), holidays)
    calm = as_of - timedelta(days=CALM_DAYS)
    share = np.array(BY_HOUR) / sum(BY_HOUR)
    rows: list[Row] = []
    due: dict[str, str | None] = {}

    def ring(
        at: datetime, direction: str, outcome: str, number: str | None, party: str | None, person: str | None,
    ) -> str:  # fmt: skip
        rings, talks = int(chance.integers(5, 30)), int(chance.exponential(200)) + 15
        answered = at + timedelta(seconds=rings) if outcome == "answered" else None
        ended = at + timedelta(seconds=rings + (talks if outcome != "missed" else 0))
        rows.append(
            {
                "call_id": f"T{len(rows) + 1:06d}",
                "direction": direction,
                "party_id": party,
                "person_id": person,
                "number": number,
                "started_at": stamp(at),
                "answered_at": stamp(answered) if answered else None,
                "ended_at": stamp(ended),
                "outcome": outcome,
                "updated_at": stamp(ended),
            }
        )
        return str(rows[-1]["call_id"])

    for _ in range(max(60, round(CALLS * scale))):
        day = days[int(chance.integers(len(days)))]
        hour = 7 + int(chance.choice(len(share), p=share))
        at = datetime.combine(day, time(hour, int(chance.integers(60)), int(chance.integers(60))), ZONE)
        client = clients[int(chance.integers(len(clients)))]
        number, person = client.number, client.person
        party: str | None = client.party
        if chance.random() >= INWARD:
            ring(at, "out", "answered" if chance.random() < 0.8 else "missed", number, party, person)
            continue
        luck = chance.random()
        missed = AT_LUNCH.get(hour, MISSED)
        outcome = "missed" if luck < missed else "voicemail" if luck < missed + VOICEMAIL else "answered"
        line = None if chance.random() < SWITCHBOARD else person
        if chance.random() < STRANGER:
            unknown = _number(50_000 + int(chance.integers(40_000)))
            withheld = chance.random() < WITHHELD
            ring(at, "in", outcome, None if withheld else unknown, None, line)
            number, party = unknown, None
            if withheld:
                continue
        else:
            ring(at, "in", outcome, number, party, line)
        if outcome != "answered" and (day >= calm or chance.random() >= NEVER_RETURNED):
            later = at + timedelta(minutes=int(chance.integers(10, 120)))
            ring(later, "out", "answered", number, party, person)
    evening = datetime.combine(days[-1], time(17, 5), ZONE)
    for turn, client in enumerate(clients[:2]):
        own, line = _number(95_000 + turn), client.person if turn == 0 else None
        due[ring(evening, "in", "missed", own, client.party, line)] = client.person
        ring(evening + timedelta(minutes=9), "in", "voicemail", own, client.party, None)
    for turn in range(2):
        due[ring(evening, "in", "missed", _number(95_100 + turn), None, None)] = None
    return rows, due
