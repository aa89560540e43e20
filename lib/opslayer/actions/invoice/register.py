"""The register of issued invoices: numbers without a gap, and nothing billed twice.

A number is drawn in the transaction that approves, with the document it is for, under a lock on the row of
its series: what is rolled back, or killed, has drawn none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from opslayer.actions.invoice.lines import Billed
from opslayer.config import BillingSection, Firm
from opslayer.errors import GuardrailHeld
from opslayer.store import AuditEvent, InvoicedItem, InvoiceSeries, IssuedInvoice, Store


@dataclass(frozen=True)
class Number:
    """The next number of a series, drawn."""

    series: str
    position: int
    text: str


def draw_number(session: Session, billing: BillingSection, type: str, issued_on: date) -> Number:
    """The next number of its series; it is given back only if the transaction is."""
    form = billing.number_format if type == "invoice" else billing.credit_number_format
    series = form.replace("{year}", str(issued_on.year))
    row = session.get(InvoiceSeries, series, with_for_update=True)
    if row is None:
        row = InvoiceSeries(series=series, last_number=0)
        session.add(row)
    row.last_number += 1
    session.flush()
    return Number(series, row.last_number, form.format(year=issued_on.year, number=row.last_number))


def enter_items(session: Session, invoice: IssuedInvoice, items: dict[str, Decimal]) -> None:
    """What an issued invoice bills or credits. Raises GuardrailHeld for what is billed already."""
    for item, amount in items.items():
        before = session.scalars(select(InvoicedItem).where(InvoicedItem.item_id == item)).all()
        balance = sum((row.amount for row in before), Decimal(0))
        if amount > 0 and balance > 0:
            raise GuardrailHeld(f"{item} is billed already, on {before[-1].invoice.number}")
        if amount < 0 and before and balance + amount < 0:
            raise GuardrailHeld(f"{item} is credited already, on {before[-1].invoice.number}")
        turn = (
            1 + sum(row.turn > 0 for row in before)
            if amount > 0
            else -1 - sum(row.turn < 0 for row in before)
        )
        session.add(InvoicedItem(item_id=item, turn=turn, invoice=invoice, amount=amount))
    session.flush()


def billed_items(session: Session, *, before: datetime | None = None) -> dict[str, Billed]:
    """Every item we have billed and not wholly credited, and those of the books we have credited.

    As the register stood at a moment, where `before` names one.
    """
    query = select(InvoicedItem).options(selectinload(InvoicedItem.invoice)).order_by(InvoicedItem.id)
    if before is not None:
        issued = select(AuditEvent.proposal_id).where(
            AuditEvent.event == "issued", AuditEvent.happened_at < before
        )
        query = query.where(InvoicedItem.invoice.has(IssuedInvoice.proposal_id.in_(issued)))
    rows = session.scalars(query)
    found: dict[str, list[InvoicedItem]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(row)
    return {item: _standing(item, rows) for item, rows in found.items()}


def _standing(item: str, rows: list[InvoicedItem]) -> Billed:
    last = next((row for row in reversed(rows) if row.turn > 0), rows[-1]).invoice
    invoices = sum(row.turn > 0 for row in rows)
    balance = sum((row.amount for row in rows), Decimal(0))
    return Billed(item, balance, last.number, last.issued_on, invoices, len(rows) - invoices)


def billed_through(items: Iterable[Billed]) -> dict[str, date]:
    """The last day of each project whose time is on an invoice of ours."""
    last: dict[str, date] = {}
    for item in items:
        if item.item_id.startswith("time:") and item.amount > 0:
            project, _, day = item.item_id.removeprefix("time:").rpartition(":")
            last[project] = max(last.get(project, date.min), date.fromisoformat(day))
    return last


def write_files(firm: Firm, store: Store) -> None:
    """Each issued invoice as PDF and XML under var/invoices/<number>/; what is there stays."""
    with store.reading() as session:
        numbers = session.execute(select(IssuedInvoice.id, IssuedInvoice.number)).all()
    for key, number in numbers:
        folder = firm.var / "invoices" / number.replace("/", "-")
        if all((folder / f"{number.replace('/', '-')}.{end}").exists() for end in ("pdf", "xml")):
            continue
        with store.reading() as session:
            issued = session.get_one(IssuedInvoice, key)
            folder.mkdir(parents=True, exist_ok=True)
            for end, content in (("pdf", issued.pdf), ("xml", issued.xml)):
                _replace(folder / f"{folder.name}.{end}", content)


def _replace(path: Path, content: bytes) -> None:
    """A file is there whole, or not at all."""
    part = path.with_suffix(f"{path.suffix}.part")
    part.write_bytes(content)
    part.replace(path)


def issued_invoices(store: Store) -> pl.DataFrame:
    """Every invoice and credit note issued, newest first; amounts in its currency."""
    with store.reading() as session:
        rows = session.scalars(select(IssuedInvoice).order_by(IssuedInvoice.id.desc())).all()
    table = [[getattr(row, name) for name in ISSUED] for row in rows]
    return pl.DataFrame(table, schema=ISSUED, orient="row")


def why_nothing_is_billed(firm: Firm) -> str:
    """A sentence for a day without drafts."""
    if firm.billing is None:
        return "No invoice is drafted: firm.toml has no [billing] section that says who sends them."
    return "Nothing new waits for its bill."


ISSUED: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.String,
    "type": pl.String,
    "issued_on": pl.Date,
    "due_on": pl.Date,
    "project_id": pl.String,
    "currency": pl.String,
    "net": pl.Decimal(18, 2),
    "tax": pl.Decimal(18, 2),
    "total": pl.Decimal(18, 2),
    "corrects": pl.String,
}
