"""The firm behind its books: people, projects, time and deals, in the templates' tables."""

from __future__ import annotations

from typing import Any

import polars as pl

from opslayer.demo import entries, pipeline, projects, staff, timesheets, work
from opslayer.demo.calendar import Days, Month
from opslayer.demo.parties import Clients, client_id


def firm_work(
    billed: pl.DataFrame, issued: pl.DataFrame, known: Clients, rate: dict[str, Days],
    calendar: list[Month], key: dict[str, Any], *, seed: int, scale: float,
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """From the hours billed (client, service, month, quarters) and the invoices: who did what."""
    people = staff.staff(calendar, seed=seed, scale=scale)
    made = projects.projects(billed, calendar, seed=seed)
    rows = timesheets.with_tasks(timesheets.worked(made, people, calendar, seed=seed), made)
    closed = int(made.project.filter(~pl.col("is_active"))["project"][0])
    key["clients_who_stopped"] = [client_id(int(index)) for index in sorted(known.stopped)]
    key["people"] = {
        cause: [f"E{index + 1:05d}" for index in (people.cause == cause).nonzero()[0]]
        for cause in ("bench", "non_billable", "leave", "noise")
    }
    tables = staff.staff_tables(people, seed=seed)
    tables |= work.work_tables(made, rows, people, known, issued, calendar, rate, key)
    tables["time_entry"] = entries.time_table(rows, people, closed, calendar, seed=seed, key=key)
    tables |= pipeline.deal_tables(made, tables["project"], known, rate, calendar, seed=seed)
    return tables
