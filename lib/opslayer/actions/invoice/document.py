"""The invoice as people read it: the PDF, and the words of the message it goes with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from opslayer.actions.evidence import written_amount, written_day
from opslayer.actions.invoice.lines import HOUR
from opslayer.actions.rendering import Words, paragraphs, render, typeset
from opslayer.config import Firm
from opslayer.errors import ConfigurationError

TITLES = {"invoice": "Invoice", "credit_note": "Credit note"}


def draw_pdf(
    firm: Firm,
    evidence: dict[str, Any],
    *,
    number: str | None,
    issued_on: date,
    due_on: date,
    moment: datetime,
) -> bytes:
    """The invoice on paper; without a number it says that it is a draft."""
    values = {
        **_facts(evidence),
        "number": number or "",
        "issued_on": written_day(issued_on),
        "due_on": written_day(due_on) if evidence["type"] == "invoice" else "",
    }
    return typeset(firm, "invoice.typ", values, moment=moment, standard="a-3b")


def compose_words(firm: Firm, template: str, evidence: dict[str, Any], *, number: str) -> dict[str, str]:
    """Subject, text and HTML of the message. Raises ConfigurationError for a template that does not work."""
    name = f"{template}.txt.j2"
    values = {**_facts(evidence), "number": number}
    heading, _, body = render(firm, name, values).strip().partition("\n")
    text = "\n\n".join(" ".join(part.split()) for part in paragraphs(body)) + "\n"
    if not heading.startswith("Subject:"):
        raise ConfigurationError(
            f'{firm.files("templates", "*.j2")[name]}\n  expected a first line "Subject: ..."'
        )
    subject = " ".join(heading.removeprefix("Subject:").split())
    return {"subject": subject, "text": text, "html": lay_out(firm, evidence, Words(subject, text), number)}


def lay_out(firm: Firm, evidence: dict[str, Any], words: Words, number: str) -> str:
    """The HTML of the message, under the seller's own name."""
    values = {**_facts(evidence), "subject": number, "paragraphs": paragraphs(words.text)}
    return render(firm, "letter.html.j2", values)


def _facts(evidence: dict[str, Any]) -> dict[str, Any]:
    """Days and amounts written out; None becomes nothing."""
    first, last = evidence["delivered"]
    tax = evidence["tax"]
    return {
        "title": TITLES[evidence["type"]],
        "seller": _plain(evidence["seller"]),
        "buyer": _plain(evidence["buyer"]),
        "project": evidence["project_name"],
        "purchase_order": evidence["purchase_order"] or "",
        "delivered": written_day(first) if first == last else f"{written_day(first)} to {written_day(last)}",
        "corrects": evidence["corrects"]["number"] if evidence["corrects"] else "",
        "notes": evidence["notes"],
        "terms": evidence["terms"],
        "currency": evidence["currency"],
        "tax_note": tax.get("note") or "",
        "tax_name": tax["reason"] or f"VAT {tax['rate']}%",
        "net": written_amount(evidence["net"]),
        "tax_amount": written_amount(evidence["tax_amount"]),
        "total": written_amount(evidence["total"]),
        "rows": [
            {
                "name": row["name"],
                "note": row["note"],
                "quantity": _quantity(Decimal(row["quantity"]), row["unit"]),
                "price": written_amount(row["price"]),
                "amount": written_amount(row["amount"]),
            }
            for row in evidence["rows"]
        ],
    }


def _quantity(quantity: Decimal, unit: str) -> str:
    return f"{quantity:,.2f} h" if unit == HOUR else f"{quantity:,f}"


def _plain(party: dict[str, Any]) -> dict[str, str]:
    return {name: " ".join(str(value or "").split()) for name, value in party.items()}
