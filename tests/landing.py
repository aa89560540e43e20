"""A firm with one source, for the tests that land it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb

from opslayer.config import Firm, load_firm
from opslayer.sources import DriftPolicy, Landed, land, raw_tables

AS_OF = date(2026, 11, 16)
MOMENT = datetime(2026, 11, 16, 6, tzinfo=UTC)
INVOICE = {"invoice": {"key": ["id"]}}


def firm_with(folder: Path, source: str, tables: dict[str, Any] | None = None) -> Firm:
    """A firm whose source `ledger` is `source` (the lines of its TOML section) and has `tables`."""
    (folder / "mappings").mkdir(exist_ok=True)
    head = '[firm]\nname = "Test"\nbase_currency = "EUR"\n[sources.ledger]\nmapping = "books"\n'
    (folder / "firm.toml").write_text(head + source, encoding="utf-8")
    chosen = tables or INVOICE
    first = next(iter(chosen))
    mapping = {
        "mapping": "books",
        "version": 1,
        "description": "for tests",
        "tables": chosen,
        "entities": {"invoice": {"from": f"{first} t", "columns": {"source_key": "t.id"}}},
    }
    (folder / "mappings" / "books.yaml").write_text(json.dumps(mapping), encoding="utf-8")
    return load_firm(folder)


def files_firm(folder: Path, extra: str = "", tables: dict[str, Any] | None = None) -> Firm:
    (folder / "in").mkdir(exist_ok=True)
    return firm_with(folder, f'kind = "files"\npath = "in"\n{extra}\n', tables)


def landed(firm: Firm, *, hours: float = 0, full: bool = False, policy: DriftPolicy | None = None) -> Landed:
    """Land; what became of `ledger.invoice`."""
    policies = {("books", "invoice"): policy} if policy else None
    moment = MOMENT + timedelta(hours=hours)
    found = land(firm, as_of=AS_OF, moment=moment, full=full, policies=policies)
    return next(one for one in found if one.table == "invoice")


def land_after_word(folder: Path, hours: float, full: bool, mouth: Connection) -> None:
    """Land in a process that somebody may kill: it says when it is about to begin."""
    firm = load_firm(folder)
    mouth.send("ready")
    landed(firm, hours=hours, full=full)


def visible(
    firm: Firm, select: str = "* exclude (_load_id)", table: str = "invoice"
) -> list[tuple[Any, ...]]:
    """The rows a reader sees, in order; only the latest of each key."""
    raw = next(one for one in raw_tables(firm) if one.table == table)
    key = ", ".join(f'"{name}"' for name in raw.key)
    with duckdb.connect() as connection:
        return connection.execute(
            f"with latest as (select * from read_parquet($files, union_by_name = true) "
            f"qualify rank() over (partition by {key} order by _load_id desc) = 1) "
            f"select {select} from latest order by all",
            {"files": [str(path) for path in raw.files]},
        ).fetchall()
