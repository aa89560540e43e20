"""Issuing an approved invoice: its number, its documents and its entries, all of it or nothing."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.invoice import electronic
from opslayer.actions.invoice.document import TITLES, draw_pdf
from opslayer.actions.invoice.register import Number, draw_number, enter_items
from opslayer.actions.kind import Occasion
from opslayer.actions.mail import attachment
from opslayer.errors import GuardrailHeld
from opslayer.store import IssuedInvoice, append
from opslayer.store import Proposal as Record

UNNUMBERED = "[number]"  # in the words of a draft


def issue(session: Session, occasion: Occasion, record: Record) -> None:
    """Draw the number, make the documents, enter what they bill, in the transaction that approves.

    Raises GuardrailHeld where the firm or the standard stands against it; nothing is drawn then.
    """
    firm, evidence = occasion.firm, record.evidence
    if firm.billing is None:
        raise GuardrailHeld("there is no [billing] in firm.toml any more")
    issued_on = occasion.moment.astimezone(firm.zone).date()
    due_on = issued_on + timedelta(days=evidence["terms_days"])
    number = draw_number(session, firm.billing, evidence["type"], issued_on)
    xml = electronic.write_xml(evidence, number=number.text, issued_on=issued_on, due_on=due_on)
    faults = electronic.faults(xml)
    if faults:
        raise GuardrailHeld(f"the standard says against it: {'; '.join(faults)}")
    drawn = draw_pdf(
        firm, evidence, number=number.text, issued_on=issued_on, due_on=due_on, moment=occasion.moment
    )
    title = f"{TITLES[evidence['type']]} {number.text}"
    pdf = electronic.embed(drawn, xml, title=title, author=evidence["seller"]["name"])
    invoice = _enter(record, number, issued_on, due_on)
    invoice.pdf, invoice.xml = pdf, xml
    session.add(invoice)
    session.flush()
    enter_items(session, invoice, {item: Decimal(amount) for item, amount in evidence["items"].items()})
    record.title = record.title.replace(": ", f": {number.text}, ", 1)[:400]
    digests = {"pdf": hashlib.sha256(pdf).hexdigest(), "xml": hashlib.sha256(xml).hexdigest()}
    append(
        session,
        moment=occasion.moment,
        actor="opslayer",
        event="issued",
        proposal_id=record.id,
        detail={"number": number.text, **digests},
    )


def _enter(record: Record, number: Number, issued_on: date, due_on: date) -> IssuedInvoice:
    evidence = record.evidence
    return IssuedInvoice(
        number=number.text,
        series=number.series,
        position=number.position,
        type=evidence["type"],
        proposal_id=record.id,
        party_id=evidence["party_id"],
        project_id=evidence["project_id"],
        issued_on=issued_on,
        due_on=due_on,
        currency=evidence["currency"],
        net=Decimal(evidence["net"]),
        tax=Decimal(evidence["tax_amount"]),
        total=Decimal(evidence["total"]),
        corrects=evidence["corrects"]["number"] if evidence["corrects"] else None,
    )


def numbered_message(session: Session, record: Record) -> dict[str, Any]:
    """The message with the number in its words and the documents as they were issued."""
    issued = session.scalar(select(IssuedInvoice).where(IssuedInvoice.proposal_id == record.id))
    number = issued.number if issued else "(numbered when it is approved)"
    content = dict(record.content)
    for name in ("subject", "text", "html"):
        content[name] = content[name].replace(UNNUMBERED, number)
    if issued is not None:
        content["attachments"] = [
            attachment(f"{issued.number}.pdf", "application/pdf", issued.pdf),
            attachment(f"{issued.number}.xml", "application/xml", issued.xml),
        ]
    return content
