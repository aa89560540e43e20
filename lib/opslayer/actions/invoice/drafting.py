"""What a snapshot and our own register say is to be billed or credited, and the invoice that says it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from opslayer.actions.invoice import tax
from opslayer.actions.invoice.lines import Bill, Billed, credit_notes, milestone_bills, time_bills
from opslayer.actions.invoice.register import billed_through
from opslayer.actions.invoice.rule import InvoiceRule
from opslayer.actions.kind import Occasion
from opslayer.config import BillingSection, Firm
from opslayer.warehouse import Layer

Row = dict[str, Any]
BUYER = ("name", "email", "street", "postcode", "city", "country", "tax_id")
READS = ("milestone_standing", "billing_clients")


@dataclass(frozen=True)
class Work:
    """What the snapshot says is to be billed, or was billed and is not owed."""

    milestones: list[Row]
    time: list[Row]
    reopened: list[str]


def gather(occasion: Occasion) -> Work:
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


def draw_bills(
    occasion: Occasion, work: Work, billed: Mapping[str, Billed], *, least: Decimal | None = None
) -> list[Bill]:
    """What is to be billed and is not, by the books or by us; and what is to be credited.

    A bill of less than `least` (the rule's own where it is not given) waits for more.
    """
    least = occasion.rule.minimum_amount if least is None else least
    waiting = [row for row in work.milestones if not _is_billed(billed.get(row["milestone_id"]))]
    ours = [item for item, one in billed.items() if one.amount > 0 and not item.startswith("time:")]
    standing = read_milestones(occasion.layer, {*ours, *work.reopened})
    bills = [
        *milestone_bills(waiting),
        *time_bills(work.time, billed_through(billed.values())),
    ]
    bills = [bill for bill in bills if bill.net_base >= least]
    return bills + credit_notes(standing.values(), billed)


def _is_billed(billed: Billed | None) -> bool:
    return billed is not None and billed.amount > 0


def read_milestones(layer: Layer, keys: Iterable[str]) -> dict[str, Row]:
    asked = json.dumps(sorted(keys))
    rows = layer.query("milestone_standing", milestone_ids=asked).to_dicts()
    return {row["milestone_id"]: row for row in rows}


def read_clients(layer: Layer, keys: Iterable[str]) -> dict[str, Row]:
    rows = layer.query("billing_clients", party_ids=json.dumps(sorted(keys))).to_dicts()
    return {row["party_id"]: row for row in rows}


def compose(firm: Firm, billing: BillingSection, bill: Bill, client: Row | None) -> dict[str, Any]:
    """The whole invoice but its number and days: what a person approves."""
    found = tax.faults(client, country=billing.country)
    rate = tax.tax_for(
        client or {"country": billing.country},
        country=billing.country,
        rate=billing.tax_rate,
        exemption=billing.exemption,
    )
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
            "name": billing.name or firm.name,
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
            "note": rate.note,
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
