"""The kind of action that bills: an invoice or credit note is drafted, approved, issued, filed and mailed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from opslayer.actions.guardrails import Case, Hold, plain_addresses
from opslayer.actions.invoice import electronic
from opslayer.actions.invoice.again import documents_again, draw_again
from opslayer.actions.invoice.document import compose_words, draw_pdf, lay_out
from opslayer.actions.invoice.drafting import (
    BUYER,
    READS,
    Row,
    Work,
    compose,
    draw_bills,
    gather,
    read_clients,
    read_milestones,
)
from opslayer.actions.invoice.issuing import UNNUMBERED, issue, numbered_message
from opslayer.actions.invoice.lines import Bill, Billed
from opslayer.actions.invoice.register import billed_items, write_files
from opslayer.actions.invoice.rule import InvoiceRule
from opslayer.actions.kind import Column, Condition, Kind, Occasion, Wanted
from opslayer.actions.mail import attachment
from opslayer.actions.rendering import Words
from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.warehouse import Layer

STEPS = {"invoice": "Invoice", "credit_note": "Credit note"}
DRAFT = "DRAFT"


def _wanted(session: Session, occasion: Occasion, work: Work) -> list[Wanted]:
    if occasion.firm.billing is None:
        return []
    billed = billed_items(session)
    bills = draw_bills(occasion, work, billed)
    known = read_clients(occasion.layer, {bill.party_id for bill in bills})
    return [_as_wanted(occasion, bill, known.get(bill.party_id), billed) for bill in bills]


def _asks(session: Session, occasion: Occasion, work: Work, subject: str) -> Iterator[Condition]:
    """`subject` is a client or a project."""
    yield Condition("the firm bills: firm.toml has a section [billing]", occasion.firm.billing is not None)
    if occasion.firm.billing is None:
        return
    done, hours = (
        [row for row in rows if subject in (row["party_id"], row["project_id"])]
        for rows in (work.milestones, work.time)
    )
    billed = billed_items(session)
    bills = [
        bill
        for bill in draw_bills(occasion, work, billed, least=Decimal(0))
        if subject in (bill.party_id, bill.project_id)
    ]
    credits_due = any(bill.type == "credit_note" for bill in bills)
    said = f"{len(done)} milestones and {len(hours)} rows of hours"
    yield Condition(
        f"work of it waits for its bill in the books ({said}), or was billed and is not owed",
        bool(done or hours or credits_due),
    )
    yield Condition("it is not on an invoice of ours already", bool(bills))
    least = occasion.rule.minimum_amount
    if least and bills and not credits_due:
        most = max(bill.net_base for bill in bills)
        yield Condition(f"it comes to {least:,.0f} or more (to {most:,.0f})", most >= least)


def _as_wanted(occasion: Occasion, bill: Bill, client: Row | None, billed: dict[str, Billed]) -> Wanted:
    billing = occasion.firm.billing
    assert billing is not None, "nothing is wanted without it"
    name = (client or {}).get("name") or bill.party_id or bill.project_name
    turns = [(item, getattr(billed.get(item), "invoices", 0), getattr(billed.get(item), "credits", 0))
             for item in sorted(bill.items)]  # fmt: skip
    corrects = bill.corrects.number if bill.corrects else None
    identity = [bill.type, bill.project_id, turns, corrects]
    about = f" for {corrects}" if corrects else ""
    return Wanted(
        key=hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest(),
        subject=bill.party_id or bill.project_id,
        name=name,
        title=f"{name[:300]}: {STEPS[bill.type].lower()}{about}, {bill.project_name[:60]}",
        step=STEPS[bill.type],
        approval=occasion.rule.approval,
        amount=bill.net_base,
        client=bill.party_id or None,
        documents=dict.fromkeys(bill.items, 0),
        basis=compose(occasion.firm, billing, bill, client),
        detail=bill,
    )


def _evidence(occasion: Occasion, wanted: Wanted) -> dict[str, Any]:
    """What the invoice says, what it rests on, and what the standard has against it."""
    basis = dict(wanted.basis)
    milestones = [item for item in basis["items"] if not item.startswith("time:")]
    basis["standing"] = {
        item: _as_seen(row) for item, row in read_milestones(occasion.layer, milestones).items()
    }
    if not basis["faults"]:
        xml = electronic.write_xml(basis, number=DRAFT, issued_on=occasion.as_of, due_on=occasion.as_of)
        basis["faults"] = electronic.faults(xml)
    return basis


def _as_seen(row: Row) -> dict[str, Any]:
    amount = row["amount"]
    return {"status": row["status"], "amount": str(amount), "books_invoice": row["invoice_number"]}


def _content(occasion: Occasion, _: Wanted, evidence: dict[str, Any]) -> dict[str, Any]:
    due_on = occasion.as_of + timedelta(days=evidence["terms_days"])
    pdf = draw_pdf(
        occasion.firm, evidence, number=None, issued_on=occasion.as_of, due_on=due_on, moment=occasion.moment
    )
    words = compose_words(occasion.firm, occasion.rule.template, evidence, number=UNNUMBERED)
    return {
        "recipient": evidence["buyer"]["email"],
        "sender": occasion.firm.mail.sender if occasion.firm.mail else None,
        **words,
        "attachments": [attachment("draft.pdf", "application/pdf", pdf)],
    }


def _standing(layer: Layer, evidence: dict[str, Any]) -> dict[str, Row]:
    found = {item: _as_seen(row) for item, row in read_milestones(layer, evidence["standing"]).items()}
    client = read_clients(layer, [evidence["party_id"]]).get(evidence["party_id"])
    return found | {"client": {name: (client or {}).get(name) for name in BUYER}}


def _sound(case: Case) -> Hold | None:
    """What is missing, or what the standard says against it: nothing that is sent to a client."""
    faults = case.evidence["faults"]
    return Hold("; ".join(faults)) if faults else None


def _unchanged(case: Case) -> Hold | None:
    """A milestone that was reopened, changed, or billed by the books since; a client who is another."""
    for item, before in case.evidence["standing"].items():
        now = case.situation.documents.get(item)
        if now is None:
            return Hold(f"milestone {item} is no longer in the books, or in quarantine", "cancelled")
        if now["status"] != before["status"]:
            return Hold(f"milestone {item} was {before['status']} and is {now['status']} now", "cancelled")
        if now["amount"] != before["amount"]:
            return Hold(f"milestone {item} was worth {before['amount']}, now {now['amount']}", "cancelled")
        if now["books_invoice"] != before["books_invoice"] and not case.is_binding:
            return Hold(f"milestone {item} is billed by the books, on {now['books_invoice']}", "cancelled")
    if case.situation.documents["client"] != case.evidence["buyer"]:
        return Hold("the client's name, address or tax id has changed", "cancelled")
    return None


def _lay_out(firm: Firm, evidence: dict[str, Any], _: dict[str, Any], words: Words) -> str:
    """As the draft: the place of the number must still be there, for it is drawn with the approval."""
    if UNNUMBERED not in words.text or UNNUMBERED not in words.subject:
        raise UsageError(f"{UNNUMBERED} must stand in the subject and in the text: the number comes there")
    return lay_out(firm, evidence, words, UNNUMBERED)


KIND = Kind(
    rule=InvoiceRule,
    gather=gather,
    wanted=_wanted,
    evidence=_evidence,
    content=_content,
    reads=READS,
    columns=(
        Column("name", "Line"),
        Column("note", ""),
        Column("quantity", "Quantity"),
        Column("price", "Price", "amount"),
        Column("amount", "Amount", "amount"),
    ),
    standing=_standing,
    checks=(_unchanged, _sound, plain_addresses),
    approved=issue,
    finish=write_files,
    message=numbered_message,
    draw_again=draw_again,
    asks=_asks,
    documents_again=documents_again,
    lay_out=_lay_out,
    binding=True,
)
