"""May this leave, now? Asked at approval, and once more just before sending."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from opslayer.actions.rule import Rule
from opslayer.warehouse import Layer

# one plain ASCII address: anything else is not sent to, rather than sent somewhere else
ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Hold:
    """Why something does not leave, and the state that puts it in: held may pass, the others do not."""

    reason: str
    state: Literal["held", "cancelled", "expired"] = "held"


@dataclass(frozen=True)
class Situation:
    """What the current snapshot says of the invoices of one proposal, and of itself."""

    published_at: datetime
    forbidden: tuple[dict[str, Any], ...]
    invoices: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One proposal before the guardrails. `rule` is None where the firm has it no more."""

    rule: Rule | None
    evidence: dict[str, Any]
    recipient: str | None
    expires_at: datetime
    moment: datetime
    situation: Situation
    sent_today: int = 0


def read_situation(layer: Layer, evidence: dict[str, Any]) -> Situation:
    ids = json.dumps([row["invoice_id"] for row in evidence["invoices"]])
    standing = layer.query("invoice_standing", invoice_ids=ids)
    return Situation(
        published_at=layer.version.published_at,
        forbidden=tuple(layer.query("acting_forbidden").to_dicts()),
        invoices={row["invoice_id"]: row for row in standing.to_dicts()},
    )


def examine(case: Case) -> Hold | None:
    """The first guardrail that holds, or None: what has changed for good comes before what may pass."""
    return next((hold for check in CHECKS if (hold := check(case))), None)


def _expired(case: Case) -> Hold | None:
    if case.moment >= case.expires_at:
        return Hold(f"it expired on {case.expires_at:%Y-%m-%d %H:%M} UTC", "expired")
    return None


def _invoices(case: Case) -> Hold | None:
    """Paid, credited, disputed, changed or gone since the evidence was gathered."""
    for row in case.evidence["invoices"]:
        found = _change(row, case.situation.invoices.get(row["invoice_id"]), case.rule)
        if found:
            return Hold(f"invoice {row['number']} {found}", "cancelled")
    return None


def _change(row: dict[str, Any], now: dict[str, Any] | None, rule: Rule | None) -> str | None:
    before = Decimal(row["open_amount"])
    if now is None:
        return "is no longer in the books, or in quarantine"
    if now["status"] not in ("open", "paid"):
        return f"is {now['status']}"
    if now["open_amount"] <= 0 or now["status"] == "paid":
        return "was credited" if now["credited"] >= now["paid"] and now["credited"] > 0 else "was paid"
    if now["is_disputed"] and (rule is None or rule.exclude_disputed):
        return "is disputed"
    if now["open_amount"] != before:
        how = "was paid or credited in part" if now["open_amount"] < before else "grew"
        return f"{how}: {before} was open, now {now['open_amount']} {row['currency']}"
    return None


def _address(case: Case) -> Hold | None:
    known = {row["party_email"] for row in case.situation.invoices.values()}
    if known and known != {case.evidence["party_email"]}:
        return Hold("the client's e-mail address has changed", "cancelled")
    if not case.recipient:
        return Hold("no e-mail address of the client is known")
    if not ADDRESS.fullmatch(case.recipient):
        return Hold(f'"{case.recipient}" is not one e-mail address')
    return None


def _switch(case: Case) -> Hold | None:
    if case.rule is None:
        return Hold(f"the firm has no rule {case.evidence['rule']} any more")
    if not case.rule.enabled:
        return Hold(f"the rule {case.rule.name} is switched off")
    if case.rule.rung(case.evidence["level"]) is None:
        return Hold(f"the rule {case.rule.name} has no rung at {case.evidence['level']} days any more")
    return None


def _contracts(case: Case) -> Hold | None:
    tables = case.rule.fresh_tables if case.rule else ()
    for broken in case.situation.forbidden:
        if broken["severity"] == "block":
            return Hold(f"the contract of {broken['table_name']} is red: {broken['rule']}")
        if broken["table_name"] in tables:
            return Hold(f"the data is stale: {broken['table_name']}, rule {broken['rule']!r}")
    return None


def _freshness(case: Case) -> Hold | None:
    if case.rule is None:
        return None
    age = case.moment - case.situation.published_at
    if age > timedelta(hours=case.rule.fresh_hours):
        hours = age // timedelta(hours=1)
        return Hold(
            f"the data is stale: the snapshot is {hours} hours old, {case.rule.fresh_hours} are allowed"
        )
    return None


def _cap(case: Case) -> Hold | None:
    if case.rule is not None and case.sent_today >= case.rule.daily_cap:
        return Hold(f"the daily cap of {case.rule.daily_cap} messages is reached")
    return None


CHECKS: tuple[Callable[[Case], Hold | None], ...] = (
    _expired,
    _invoices,
    _address,
    _switch,
    _contracts,
    _freshness,
    _cap,
)
