"""A small firm as the pages meet it: books, a published snapshot, forecasts, proposals, alerts."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

from filelock import FileLock

from opslayer import actions, alerts, demo
from opslayer.config import Firm, load_firm
from opslayer.intelligence import (
    cash,
    chain,
    document,
    inquiry,
    margin,
    overrun,
    revenue,
    scope,
    staffing,
    unusual,
    utilisation,
    variance,
    win,
)
from opslayer.modelops import Models
from opslayer.store import open_store
from opslayer.warehouse import Version, open_layer, refresh, save_outputs

DASHBOARDS = Path(__file__).resolve().parents[1] / "dashboards"
AS_OF = date(2026, 11, 16)
PAGES = (
    "today",
    "briefing",
    "alerts",
    "cash",
    "results",
    "delivery",
    "revenue",
    "people",
    "staffing",
    "inquiries",
    "documents",
    "what_if",
    "actions",
    "rules",
    "models",
    "data_health",
    "runs",
)


def write_books(folder: Path) -> Firm:
    """Books of a twentieth of the demo firm; nothing is landed yet."""
    demo.generate(folder, seed=5, scale=0.05, as_of=AS_OF)
    return load_firm(folder)


def publish_books(firm: Firm) -> Version:
    return refresh(firm, as_of=AS_OF, moment=datetime.now(UTC)).version


def grown_once(folder: Path, worker: str) -> Firm:
    """A firm after its morning, not to be changed: the first worker that asks makes it, all share it."""
    place = (folder if worker == "master" else folder.parent) / "grown"
    with FileLock(f"{place}.lock"):
        if not (place / "finished").exists():
            firm = write_books(place / "firm")
            publish_books(firm)
            run_morning(firm)
            (place / "finished").touch()
    return load_firm(place / "firm")


def run_morning(firm: Firm) -> Version:
    """What the morning's notebooks do: predictions, alerts, proposals."""
    moment = datetime.now(UTC)  # guardrails hold what rests on an old snapshot
    with open_layer(firm) as layer:
        tables = (
            cash.run(layer, as_of=AS_OF)
            | variance.run(layer, as_of=AS_OF, currency=firm.base_currency)
            | margin.run(layer, as_of=AS_OF, currency=firm.base_currency)
            | unusual.run(layer, as_of=AS_OF)
            | overrun.run(layer, as_of=AS_OF)
            | win.run(layer, as_of=AS_OF)
            | revenue.run(layer, as_of=AS_OF)
            | staffing.run(layer, as_of=AS_OF)
            | utilisation.run(layer, as_of=AS_OF)
            | inquiry.run(layer, as_of=AS_OF, zone=firm.zone)
        )
    with open_layer(firm) as layer, open_store(firm) as store:
        tables |= document.run(layer, Models(firm, store), as_of=AS_OF, moment=moment)
    save_outputs(firm, tables, as_of=AS_OF, moment=moment)
    with open_layer(firm) as layer:  # scopes are of inquiries that were published
        scopes = scope.run(layer, as_of=AS_OF)
    version = save_outputs(firm, scopes, as_of=AS_OF, moment=moment)
    with open_layer(firm) as layer:  # the chain begins at the win forecast that is published
        linked = chain.run(layer, as_of=AS_OF)
    version = save_outputs(firm, linked, as_of=AS_OF, moment=moment)
    with open_layer(firm) as layer, open_store(firm) as store:
        alerts.evaluate(firm, layer, store, moment=moment)
        actions.propose(firm, layer, store, as_of=AS_OF, moment=moment)
    return version


def book_cash(firm: Firm, amount: int) -> None:
    """One more journal in the books: cash in, revenue."""
    path = firm.directory / "data" / "journal_line.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    bank = next(row for row in rows if row["account_code"] == "1000")
    number = f"LATE-{len(rows)}"
    added = [
        bank | {"journal_line_id": f"{number}-{side}", "journal_id": number, "journal_number": number,
                "posted_on": str(AS_OF), "account_code": account, "amount": str(sign * amount)}
        for side, account, sign in (("D", "1000", 1), ("C", "4000", -1))
    ]  # fmt: skip
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, fieldnames=list(bank)).writerows(added)
