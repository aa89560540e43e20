"""Which system each table of the firm comes out of, and in whose format."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from opslayer.demo.crm import crm_tables
from opslayer.demo.desk import calendar_tables, phone_tables
from opslayer.demo.hris import hris_tables
from opslayer.demo.project_tool import project_tables
from opslayer.demo.tickets import incident_tables
from opslayer.demo.time_tracker import time_report
from opslayer.scaffold import SystemFiles

Tables = dict[str, pl.DataFrame]
BOOKS, PEOPLE = "data", "people"
STAFF = {"person", "working_hours", "skill", "leave", "holiday"}
DEALS = {"opportunity", "opportunity_stage", "opportunity_role"}
WORK = {"project", "task", "milestone", "assignment", "contract"}


def systems(
    made: Tables, clients: pl.DataFrame, *, seed: int, as_of: date, key: dict[str, Any]
) -> dict[str, Tables]:
    """Folder -> its tables, of tables in the templates' columns; what no system has is of the books.

    Adds to the key the dirt that the systems have of their own, and the true pairs of their keys.
    """
    if "person" not in made:
        return {BOOKS: made}
    people = made["person"]
    ours = STAFF | DEALS | WORK | {"time_entry", "appointment", "call", "ticket", "ticket_event"}
    entries, projects = made["time_entry"], made["project"]
    return {
        BOOKS: {name: frame for name, frame in made.items() if name not in ours},
        PEOPLE: hris_tables({name: made[name] for name in STAFF}),
        "crm": crm_tables(clients, people, {name: made[name] for name in DEALS}, seed=seed, key=key),
        "projects": project_tables(
            {name: made[name] for name in WORK}, people, clients, as_of=as_of, key=key
        ),
        "time": {"time": time_report(entries, projects, clients, people, seed=seed, key=key)},
        "calendar": calendar_tables(made["appointment"], people, clients, seed=seed, key=key),
        "phone": phone_tables(made["call"], people, clients, seed=seed, key=key),
        "tickets": incident_tables(made["ticket"], made["ticket_event"], people, clients),
    }


def sections(format: str) -> tuple[SystemFiles, ...]:
    """The sources of firm.toml beside the books; the staff system stands first, so a person's key is its."""
    pattern = "{table}.csv" if format == "csv" else "{table}-*.parquet"
    return (
        SystemFiles(
            "people", "The staff system: one workbook, a sheet a table.", "hris", PEOPLE,
            "staff.xlsx" if format == "csv" else pattern,
        ),
        SystemFiles("crm", "The CRM, as its connector lands it.", "salesforce", "crm", pattern),
        SystemFiles("projects", "The project tool's export.", "project_tool", "projects", pattern),
        SystemFiles("time", "The time tracker's detailed report.", "harvest", "time", pattern),
        SystemFiles("calendar", "The booking calendar's export.", "booking_calendar", "calendar", pattern),
        SystemFiles("phone", "The phone system's call log.", "phone_log", "phone", pattern),
        SystemFiles("tickets", "The ticketing system's incident log.", "incident_log", "tickets", pattern),
    )  # fmt: skip
