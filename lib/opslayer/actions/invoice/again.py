"""An invoice drawn again: from the snapshot it was drafted on, and what our register said then.

The seller and the home rate are those it was approved with: firm.toml says them, and no snapshot. Everything
else, whom it bills for what, its lines, taxes and totals, follows from the rows once more, or is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.invoice import electronic
from opslayer.actions.invoice.document import compose_words
from opslayer.actions.invoice.drafting import compose, draw_bills, gather, read_clients
from opslayer.actions.invoice.issuing import UNNUMBERED
from opslayer.actions.invoice.register import billed_items
from opslayer.actions.kind import DrawnAgain, Occasion
from opslayer.config import BillingSection
from opslayer.errors import UsageError
from opslayer.store import AuditEvent, IssuedInvoice
from opslayer.store import Proposal as Record

SELLER = ("street", "postcode", "city", "country", "tax_id", "email", "iban", "bic")


def draw_again(session: Session, occasion: Occasion, record: Record) -> dict[str, Any]:
    """The words of its message, over the invoice as the snapshot gives it. Raises as `invoice_again`."""
    again = invoice_again(session, occasion, record)
    return compose_words(occasion.firm, occasion.rule.template, again, number=UNNUMBERED)


def invoice_again(session: Session, occasion: Occasion, record: Record) -> dict[str, Any]:
    """The invoice over the same milestones or hours. Raises UsageError where they are not to be billed."""
    billing = _billing(occasion, record.evidence)
    billed = billed_items(session, before=record.created_at)
    for bill in draw_bills(occasion, gather(occasion), billed):
        if bill.items.keys() == record.evidence["items"].keys() and bill.type == record.evidence["type"]:
            client = read_clients(occasion.layer, [bill.party_id]).get(bill.party_id)
            return compose(occasion.firm, billing, bill, client)
    items = ", ".join(record.evidence["items"])
    raise UsageError(f"{occasion.layer.version.name} calls for no {record.evidence['type']} over {items}")


def _billing(occasion: Occasion, evidence: dict[str, Any]) -> BillingSection:
    billing, seller, tax = occasion.firm.billing, evidence["seller"], evidence["tax"]
    if billing is None:
        raise UsageError("there is no [billing] in firm.toml any more")
    then = {name: seller[name] for name in SELLER} | {"name": seller["name"]}
    if seller["country"] == evidence["buyer"]["country"]:
        then |= {"tax_rate": Decimal(tax["rate"]), "exemption": tax["reason"]}
    return billing.model_copy(update=then)


def documents_again(session: Session, occasion: Occasion, record: Record) -> list[DrawnAgain]:
    """What was issued, beside the same drawn again: none before it is approved."""
    issued = session.scalar(select(IssuedInvoice).where(IssuedInvoice.proposal_id == record.id))
    if issued is None:
        return []
    again = invoice_again(session, occasion, record)
    due_on = issued.issued_on + timedelta(days=again["terms_days"])
    xml = electronic.write_xml(again, number=issued.number, issued_on=issued.issued_on, due_on=due_on)
    terms, before = _terms(xml), _terms(issued.xml)
    same = issued.xml == xml
    differences = [] if same else [*_differing(before, terms)]
    entered = {"net": issued.net, "tax": issued.tax, "total": issued.total}
    expected = {"net": again["net"], "tax": again["tax_amount"], "total": again["total"]}
    differences += [
        f"{name} in the register: {amount}, drawn again {expected[name]}"
        for name, amount in entered.items()
        if amount != Decimal(expected[name])
    ]
    differences += _unlike_issued(session, record, issued)
    how = "byte for byte" if same else "term by term"
    return [DrawnAgain(f"{issued.number}.xml", how, len(terms), tuple(differences))]


def _unlike_issued(session: Session, record: Record, issued: IssuedInvoice) -> Iterator[str]:
    """Files that are not those the trail says were issued; a PDF that carries another XML."""
    query = select(AuditEvent).where(AuditEvent.proposal_id == record.id, AuditEvent.event == "issued")
    event = session.scalars(query).first()
    digests = event.detail if event is not None else {}
    for end, content in (("pdf", issued.pdf), ("xml", issued.xml)):
        if digests.get(end) != hashlib.sha256(content).hexdigest():
            yield f"{issued.number}.{end} is not the file that the trail says was issued"
    if electronic.extract(issued.pdf) != issued.xml:
        yield f"{issued.number}.pdf carries another XML"


def _terms(xml: bytes) -> dict[str, str]:
    """What an invoice says, by the path of each element and attribute."""
    tree = etree.ElementTree(etree.fromstring(xml))
    found: dict[str, str] = {}
    for element in tree.iter(etree.Element):
        path = str(tree.getelementpath(element))
        text = (element.text or "").strip()
        if text:
            found[path] = text
        found |= {f"{path}/@{name}": str(value) for name, value in element.attrib.items()}
    return found


def _differing(issued: dict[str, str], again: dict[str, str]) -> Iterator[str]:
    for path in sorted(issued.keys() | again.keys()):
        if issued.get(path) != again.get(path):
            was, becomes = (terms.get(path, "nothing") for terms in (issued, again))
            yield f"{_short(path)}: issued {was}, drawn again {becomes}"


def _short(path: str) -> str:
    """The last steps of a path, without namespaces: as the standard's terms are found."""
    steps = [step.rpartition("}")[2] for step in path.split("/{")]
    return "/".join(steps[-2:])
