"""Evidence: the rows a proposal rests on and the message it would send, bound by one SHA-256."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

from opslayer.actions.accounts import changes
from opslayer.actions.kind import Occasion, Wanted
from opslayer.actions.ladder import Invoice, Reminder, ReminderRule, Rung
from opslayer.actions.mark import mark
from opslayer.actions.rule import Approval


def header(occasion: Occasion, wanted: Wanted, written_to: str | None) -> dict[str, Any]:
    """What the evidence of every kind says, in values that JSON carries: amounts and days as text.

    `written_to` is the address to which the client was last written.
    """
    layer = occasion.layer
    said = {
        "rule": occasion.rule.name,
        "rule_version": occasion.rule_version,
        "bound_version": occasion.bound_version,
        "kind": occasion.rule.kind,
        "level": wanted.level,
        "rung": wanted.step,
        "party_id": wanted.subject,
        "party_name": wanted.name,
        "client_id": wanted.client,
        "is_contact": wanted.client is not None and occasion.rule.is_contact,
        "written_to": written_to,
        "as_of": layer.as_of.isoformat(),
        "snapshot": layer.version.name,
        "contracts": {"green": layer.version.contracts_green, "red": layer.version.contracts_red},
        "base_currency": layer.base_currency,
        "total_base": str(wanted.amount),
        "basis": wanted.basis,
    }
    if occasion.cause is not None:
        said["cause"] = occasion.cause
    return said | {"draw": mark(said)}


def gather(rule: ReminderRule, reminder: Reminder) -> dict[str, Any]:
    """What a reminder is based on besides."""
    return {
        "query": rule.who,
        "party_email": reminder.client.party_email,
        "totals": {currency: str(amount) for currency, amount in reminder.totals.items()},
        "invoices": [_row(invoice, rung) for invoice, rung in reminder.invoices],
    }


def _row(invoice: Invoice, rung: Rung) -> dict[str, Any]:
    return {
        "invoice_id": invoice.invoice_id,
        "number": invoice.number,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "days_overdue": invoice.days_overdue,
        "rung": rung.days,
        "currency": invoice.currency,
        "total": str(invoice.total),
        "open_amount": str(invoice.open_amount),
        "open_base": str(invoice.open_base),
    }


def new_domain(evidence: dict[str, Any], recipient: str | None) -> tuple[str, str] | None:
    """The mail domain the client had when it was last written to, and its own now, where they differ."""
    before, now = (
        str(address or "").rpartition("@")[2].lower() for address in (evidence.get("written_to"), recipient)
    )
    return (before, now) if before and now and before != now else None


def needed(approval: Approval, amount: Decimal, evidence: dict[str, Any], content: dict[str, Any]) -> int:
    """How many people must approve: two, whatever the amount, where there is something to look at twice."""
    count = approval.needed(amount)
    return max(count, 2) if doubts(evidence, content.get("recipient")) else count


def doubts(evidence: dict[str, Any], recipient: str | None) -> list[str]:
    """What takes a second pair of eyes: a mail domain or a bank account that is another than last time."""
    domains = new_domain(evidence, recipient)
    said = [f"The client's mail domain was {domains[0]} and is {domains[1]} now."] if domains else []
    return said + changes(evidence)


def fingerprint(evidence: dict[str, Any], content: dict[str, Any]) -> str:
    """SHA-256 over evidence and message as canonical JSON: what a decision is bound to."""
    canonical = json.dumps([evidence, content], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def statement(evidence: dict[str, Any], *, firm: str, contact: str | None) -> dict[str, Any]:
    """The evidence as the client reads it: days and amounts written out."""
    return {
        "firm": firm,
        "contact": contact or "",
        "client": evidence["party_name"],
        "as_of": written_day(evidence["as_of"]),
        "invoices": [
            {
                "number": " ".join(str(row["number"]).split()),
                "issued_on": written_day(row["issued_on"]),
                "due_on": written_day(row["due_on"]),
                "days_overdue": row["days_overdue"],
                "amount": written_amount(row["open_amount"]),
                "currency": row["currency"],
            }
            for row in evidence["invoices"]
        ],
        "totals": [
            {
                "currency": currency,
                "amount": written_amount(amount),
                "overdue": written_amount(_overdue(evidence["invoices"], currency)),
            }
            for currency, amount in evidence["totals"].items()
        ],
    }


def _overdue(rows: list[dict[str, Any]], currency: str) -> Decimal:
    amounts = (Decimal(r["open_amount"]) for r in rows if r["currency"] == currency and r["days_overdue"] > 0)
    return sum(amounts, Decimal(0))


def written_day(day: str | date) -> str:
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day.day} {day:%B %Y}"


def written_amount(amount: str | Decimal) -> str:
    return f"{Decimal(amount):,.2f}"
