"""Appointments and calls as a booking calendar exports them, and as a phone system logs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from opslayer.demo.office import ZONE

Tables = dict[str, pl.DataFrame]
TWICE, MOVED = 3, 4  # exported twice; moved to another hour, with the first version still there
LEGS, INTERNAL = 5, 6  # calls that rang on one line and were answered on another; calls within the firm
STATUS = {
    "booked": "Scheduled", "confirmed": "Confirmed", "kept": "Completed", "cancelled": "Canceled",
    "no_show": "No Show",
}  # fmt: skip
DISPOSITION = {"answered": "ANSWERED", "missed": "NO ANSWER", "voicemail": "VOICEMAIL"}
SPELLINGS = ("+{c} {a} {b} {r}", "00{c}{a}{b}{r}", "(0{a}) {b} {r}", "0{a}-{b}{r}", "+{c} (0){a} {b} {r}")


def calendar_tables(
    appointments: pl.DataFrame, people: pl.DataFrame, clients: pl.DataFrame, *, seed: int, key: dict[str, Any]
) -> Tables:
    """The table bookings: a client by name, sometimes shouted, a host by address, times on the firm's clock.

    Adds to the key's `dirt` what was exported twice and what was moved.
    """
    chance = np.random.default_rng([seed, 62])
    name = dict(clients.select("party_id", "name").iter_rows())
    address = dict(people.select("person_id", "email").iter_rows())
    rows = []
    for row in appointments.iter_rows(named=True):
        company = name[row["party_id"]]
        rows.append(
            {
                "Event ID": row["appointment_id"],
                "Event Name": row["subject"],
                "Company": company.upper() if chance.random() < 0.1 else company,
                "Host": address[row["person_id"]].title()
                if chance.random() < 0.1
                else address[row["person_id"]],
                "Start": _by_the_clock(row["starts_at"]),
                "End": _by_the_clock(row["ends_at"]),
                "Location": row["place"],
                "Status": STATUS[row["status"]],
                "Deal ID": row["opportunity_id"],
                "Project Code": row["project_id"],
                "Booked At": row["created_at"],
                "Last Changed": row["updated_at"],
            }
        )
    picked = [int(n) for n in chance.permutation(len(rows))[: TWICE + MOVED]]
    twice, moved = sorted(picked[:TWICE]), sorted(picked[TWICE:])
    for place in moved:  # the export is appended to: what it said first is still there
        row = rows[place]
        first = {
            "Start": _later(row["Start"], -90),
            "End": _later(row["End"], -90),
            "Last Changed": row["Booked At"],
        }
        rows.append(row | first | {"Status": "Scheduled"})
    rows += [rows[place] for place in twice]
    dirt = key.setdefault("dirt", {})
    dirt["appointments_exported_twice"] = [rows[place]["Event ID"] for place in twice]
    dirt["appointments_moved"] = [rows[place]["Event ID"] for place in moved]
    return {"bookings": pl.DataFrame(rows, infer_schema_length=None)}


def _by_the_clock(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZONE).isoformat()


def _later(moment: str, minutes: int) -> str:
    return (datetime.fromisoformat(moment) + timedelta(minutes=minutes)).isoformat()


def phone_tables(
    calls: pl.DataFrame, people: pl.DataFrame, clients: pl.DataFrame, *, seed: int, key: dict[str, Any]
) -> Tables:
    """The tables calls, a row a line that rang, and extensions, whose line each is.

    A number is written as its network sends it; times are seconds since 1970; the contact is what the phone
    shows, as the client is called in the books. Adds to the key's `dirt` the calls that rang on two lines.
    """
    chance = np.random.default_rng([seed, 63])
    name = dict(clients.select("party_id", "name").iter_rows())
    extension = {person: str(2_000 + place) for place, person in enumerate(people["person_id"])}
    rows = [
        {
            "Call ID": row["call_id"],
            "Direction": "Inbound" if row["direction"] == "in" else "Outbound",
            "Remote Number": _spelled(row["number"], SPELLINGS[int(chance.integers(len(SPELLINGS)))]),
            "Contact": name.get(row["party_id"]),
            "Extension": extension.get(row["person_id"]),
            "Start": _seconds(row["started_at"]),
            "Answer": _seconds(row["answered_at"]),
            "End": _seconds(row["ended_at"]),
            "Disposition": DISPOSITION[row["outcome"]],
        }
        for row in calls.iter_rows(named=True)
    ]
    answered = [n for n, row in enumerate(rows) if row["Answer"] and row["Direction"] == "Inbound"]
    legs = sorted(int(n) for n in chance.permutation(answered)[:LEGS])
    for place in legs:
        row = rows[place]
        rang = {"Extension": "2000", "Answer": None, "End": row["Answer"], "Disposition": "NO ANSWER"}
        rows.append(row | rang)
    inside = {"Direction": "Internal", "Remote Number": "2001", "Contact": None}
    rows += [rows[n] | inside | {"Call ID": f"I{n:06d}"} for n in range(INTERNAL)]
    key.setdefault("dirt", {})["calls_on_two_lines"] = [rows[place]["Call ID"] for place in legs]
    lines = pl.DataFrame({"Extension": list(extension.values()), "User": people["email"]})
    return {
        "calls": pl.DataFrame(rows, infer_schema_length=None).sort("Start", "Call ID", "End"),
        "extensions": lines,
    }


def _spelled(number: str | None, spelling: str) -> str:
    if number is None:
        return "anonymous"
    rest = number.removeprefix("+353")
    return spelling.format(c="353", a=rest[:2], b=rest[2:5], r=rest[5:])


def _seconds(moment: str | None) -> str | None:
    return None if moment is None else str(int(datetime.fromisoformat(moment).astimezone(UTC).timestamp()))
