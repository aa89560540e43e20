"""The kind of action that bills: an invoice or credit note is drafted, approved, issued, filed and mailed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from opslayer.actions.guardrails import Case, Hold, plain_addresses
from opslayer.actions.invoice import electronic, tax
from opslayer.actions.invoice.document import compose_words, draw_pdf, lay_out
from opslayer.actions.invoice.issuing import UNNUMBERED, issue, numbered_message
from opslayer.actions.invoice.lines import Bill, Billed, credit_notes, milestone_bills, time_bills
from opslayer.actions.invoice.register import billed_items, billed_through, write_files
from opslayer.actions.invoice.rule import InvoiceRule
from opslayer.actions.kind import Column, Kind, Occasion, Wanted
from opslayer.actions.mail import attachment
from opslayer.actions.rendering import Words
from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.warehouse import Layer

Row = dict[str, Any]
STEPS = {"invoice": "Invoice", "credit_note": "Credit note"}
DRAFT = "DRAFT"


@dataclass(frozen=True)
class Work:
    """What the snapshot says is to be billed, or was billed and is not owed."""

    milestones: list[Row]
    time: list[Row]
    reopened: list[str]


def _gather(occasion: Occasion) -> Work:
    """Nothing where the firm has no [billing]: nobody knows who would send the invoice."""
    rule: InvoiceRule = occasion.rule
    if occasion.firm.billing is None:
        return Work([], [], [])
    layer = occasion.layer
    return Work(
        layer.query(rule.who).to_dicts(),
        layer.query(rule.time).to_dicts() if rule.time else [],
        layer.query(rule.reopened)["milestone_id"].to_list() if rule.reopened else [],
    )


def _wanted(session: Session, occasion: Occasion, work: Work) -> list[Wanted]:
    """What is to be billed and is not, by the books or by us; and what is to be credited."""
    if occasion.firm.billing is None:
        return []
    billed = billed_items(session)
    waiting = [row for row in work.milestones if not _is_billed(billed.get(row["milestone_id"]))]
    ours = [item for item, one in billed.items() if one.amount > 0 and not item.startswith("time:")]
    standing = _milestones(occasion.layer, {*ours, *work.reopened})
    bills = [
        *milestone_bills(waiting),
        *time_bills(work.time, billed_through(billed.values())),
    ]
    bills = [bill for bill in bills if bill.net_base >= occasion.rule.minimum_amount]
    bills += credit_notes(standing.values(), billed)
    clients = _clients(occasion.layer, {bill.party_id for bill in bills})
    return [_as_wanted(occasion, bill, clients.get(bill.party_id), billed) for bill in bills]


def _is_billed(billed: Billed | None) -> bool:
    return billed is not None and billed.amount > 0


def _milestones(layer: Layer, keys: Iterable[str]) -> dict[str, Row]:
    asked = json.dumps(sorted(keys))
    rows = layer.query("milestone_standing", milestone_ids=asked).to_dicts()
    return {row["milestone_id"]: row for row in rows}


def _clients(layer: Layer, keys: Iterable[str]) -> dict[str, Row]:
    rows = layer.query("billing_clients", party_ids=json.dumps(sorted(keys))).to_dicts()
    return {row["party_id"]: row for row in rows}


def _as_wanted(occasion: Occasion, bill: Bill, client: Row | None, billed: dict[str, Billed]) -> Wanted:
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
        basis=_basis(occasion, bill, client),
        detail=bill,
    )


def _basis(occasion: Occasion, bill: Bill, client: Row | None) -> dict[str, Any]:
    """The whole invoice but its number and days: what a person approves."""
    billing = occasion.firm.billing
    assert billing is not None, "nothing is wanted without it"
    found = tax.faults(client, country=billing.country)
    rate = tax.tax_for(client or {"country": billing.country}, country=billing.country, rate=billing.tax_rate)
    sums = tax.totals(bill.net, rate)
    days = (client or {}).get("payment_terms_days")
    terms = billing.terms_days if days is None else days
    return {
        "type": bill.type,
        "project_id": bill.project_id,
        "project_name": bill.project_name,
        "currency": bill.currency,
        "fx_rate": str(bill.fx_rate),
        "purchase_order": bill.purchase_order,
        "seller": {
            "name": billing.name or occasion.firm.name,
            **billing.model_dump(include={"street", "postcode", "city", "country", "tax_id", "email"}),
            "iban": billing.iban,
            "bic": billing.bic,
        },
        "buyer": {name: (client or {}).get(name) for name in BUYER},
        "tax": {
            "category": rate.category,
            "rate": f"{rate.rate.normalize():f}",
            "reason": rate.reason,
            "reason_code": rate.reason_code,
        },
        "net": str(bill.net),
        "tax_amount": str(sums.tax),
        "total": str(sums.total),
        "terms_days": terms,
        "terms": f"Payable within {terms} days" if bill.type == "invoice" else "Set against the invoice",
        "delivered": [day.isoformat() for day in bill.delivered],
        "corrects": {"number": bill.corrects.number, "issued_on": bill.corrects.issued_on.isoformat()}
        if bill.corrects
        else None,
        "notes": list(bill.notes),
        "items": {item: str(amount) for item, amount in bill.items.items()},
        "rows": [
            {"name": line.name, "quantity": f"{line.quantity.normalize():f}", "unit": line.unit,
             "price": str(line.price), "amount": str(line.amount), "note": line.note}
            for line in bill.lines
        ],
        "faults": found,
    }  # fmt: skip


BUYER = ("name", "email", "street", "postcode", "city", "country", "tax_id")


def _evidence(occasion: Occasion, wanted: Wanted) -> dict[str, Any]:
    """What the invoice says, what it rests on, and what the standard has against it."""
    basis = dict(wanted.basis)
    milestones = [item for item in basis["items"] if not item.startswith("time:")]
    basis["standing"] = {item: _as_seen(row) for item, row in _milestones(occasion.layer, milestones).items()}
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
    found = {item: _as_seen(row) for item, row in _milestones(layer, evidence["standing"]).items()}
    client = _clients(layer, [evidence["party_id"]]).get(evidence["party_id"])
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
    gather=_gather,
    wanted=_wanted,
    evidence=_evidence,
    content=_content,
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
    lay_out=_lay_out,
    binding=True,
)
