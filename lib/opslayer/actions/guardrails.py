"""May this leave, now? Asked at approval, and once more just before sending.

What is asked of every kind of action lies here; a kind adds its own in `Kind.checks`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from opslayer.warehouse import Layer

if TYPE_CHECKING:
    from opslayer.actions.kind import Kind

# one plain ASCII address: anything else is not sent to, rather than sent somewhere else
ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Hold:
    """Why something does not leave, and the state that puts it in: held may pass, the others do not."""

    reason: str
    state: Literal["held", "cancelled", "expired"] = "held"


@dataclass(frozen=True)
class Situation:
    """What the current snapshot says of itself, and of each document that one proposal rests on."""

    published_at: datetime
    forbidden: tuple[dict[str, Any], ...]
    documents: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One proposal before the guardrails. `rule` is None where the firm has it no more."""

    kind: Kind
    rule: Any
    evidence: dict[str, Any]
    recipient: str | None
    expires_at: datetime
    moment: datetime
    situation: Situation
    sent_today: int = 0
    is_binding: bool = False


def read_situation(layer: Layer, kind: Kind, evidence: dict[str, Any]) -> Situation:
    return Situation(
        published_at=layer.version.published_at,
        forbidden=tuple(layer.query("acting_forbidden").to_dicts()),
        documents=kind.standing(layer, evidence),
    )


def examine(case: Case) -> Hold | None:
    """The first guardrail that holds, or None: what has changed for good comes before what may pass."""
    checks = (_expired, *case.kind.checks, _switch, _contracts, _freshness, _cap)
    return next((hold for check in checks if (hold := check(case))), None)


def _expired(case: Case) -> Hold | None:
    if case.moment >= case.expires_at and not case.is_binding:
        return Hold(f"it expired on {case.expires_at:%Y-%m-%d %H:%M} UTC", "expired")
    return None


def one_address(case: Case) -> Hold | None:
    """A check for kinds whose message goes to one client."""
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
    if case.rule.approval_at(case.evidence["level"]) is None:
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
