"""May this leave, now? Asked at approval, and once more just before sending.

What is asked of every kind of action lies here; a kind adds its own in `Kind.checks`. What only matters as
something leaves (`SENDING`) does not stand against an approval. A hold says what was seen and what frees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from opslayer.actions.accounts import Account, client_record, masked
from opslayer.actions.channels.channel import MAIL
from opslayer.actions.limits import ALL, Usage, opens_at
from opslayer.actions.mark import flaw_of
from opslayer.actions.version import bound_version
from opslayer.config import Firm
from opslayer.store import Bounce, Complaint
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
    guardrail: str = ""


@dataclass(frozen=True)
class Situation:
    """What the current snapshot says of itself, and of each document that one proposal rests on.

    `country` is where the client is (ISO 3166-1), `account` its bank account, masked; None where nobody says.
    """

    published_at: datetime
    forbidden: tuple[dict[str, Any], ...]
    documents: dict[str, dict[str, Any]]
    country: str | None = None
    account: Account | None = None


@dataclass(frozen=True)
class Case:
    """One proposal before the guardrails. `rule` is None where the firm has it no more.

    `usage` is None until it is about to leave.
    """

    firm: Firm
    kind: Kind
    rule: Any
    evidence: dict[str, Any]
    recipient: str | None
    expires_at: datetime
    moment: datetime
    situation: Situation
    amount: Decimal = Decimal(0)
    is_binding: bool = False
    bounced: Bounce | None = None
    complaint: Complaint | None = None
    usage: Usage | None = None


def read_situation(layer: Layer, kind: Kind, evidence: dict[str, Any]) -> Situation:
    client = client_record(layer, evidence.get("client_id"))
    return Situation(
        published_at=layer.version.published_at,
        forbidden=layer.forbidden,
        documents=kind.standing(layer, evidence),
        country=client.get("country"),
        account=masked(client.get("bank_account")),
    )


Check = Callable[[Case], Hold | None]


def examine(case: Case) -> Hold | None:
    """The first guardrail that holds, or None: what has changed for good comes before what may pass."""
    checks: tuple[Check, ...] = (_expired, *case.kind.checks, *(UNDOING if case.kind.undoes else STANDING))
    leaving: tuple[Check, ...] = UNDOING_SENDS if case.kind.undoes else SENDING
    return _first_hold(case, (*checks, *leaving) if case.usage is not None else checks)


def examine_counts(case: Case) -> Hold | None:
    """The first that counts messages, money and people; of what only might have left."""
    return _first_hold(case, COUNTS)


def _first_hold(case: Case, checks: Iterable[Check]) -> Hold | None:
    for check in checks:
        hold = check(case)
        if hold is not None:
            return replace(hold, guardrail=check.__name__.strip("_"))
    return None


def _expired(case: Case) -> Hold | None:
    if case.moment >= case.expires_at and not case.is_binding:
        return Hold(f"it expired on {case.expires_at:%Y-%m-%d %H:%M} UTC", "expired")
    return None


def plain_addresses(case: Case) -> Hold | None:
    """One plain address, from a record; several only where they are those of a role in firm.toml.

    `to` in the evidence says whose it is: a role as role:NAME, the client where nothing is said.
    """
    if not _is_addressed(case):
        return None  # it goes to one place, which firm.toml names
    reader = case.evidence.get("to", "client")
    role = reader.removeprefix("role:") if reader.startswith("role:") else None
    if not case.recipient:
        who = f"no e-mail address of the {reader} is known"
        return Hold(who if role is None else f"nobody in firm.toml has the role {role}")
    given = [case.recipient] if role is None else case.recipient.split(", ")
    wrong = next((one for one in given if not ADDRESS.fullmatch(one)), None)
    return None if wrong is None else Hold(f'"{wrong}" is not one e-mail address')


def _is_addressed(case: Case) -> bool:
    return case.firm.is_addressed(case.evidence.get("channel", MAIL))


def _bounced(case: Case) -> Hold | None:
    bounce = case.bounced
    if bounce is None or not _is_addressed(case):
        return None
    said = f"{bounce.status} {bounce.diagnostic}".strip()
    return Hold(
        f"{bounce.address} bounced on {bounce.bounced_at:%Y-%m-%d} ({said}); mend the record: "
        "it leaves once another address stands there"
    )


def _complained(case: Case) -> Hold | None:
    complaint = case.complaint
    if complaint is None:
        return None
    number = complaint.proposal_id
    return Hold(
        f"of number {number}, by this rule, was complained on {complaint.complained_at:%Y-%m-%d}: "
        f"{complaint.reason}; it leaves once `opslayer actions complain {number} --settled` says so"
    )


def _planted(case: Case) -> Hold | None:
    return Hold("it was planted as a test, and never leaves", "cancelled") if flaw_of(case.evidence) else None


def _switch(case: Case) -> Hold | None:
    if case.rule is None:
        return Hold(f"the firm has no rule {case.evidence['rule']} any more")
    if not case.rule.enabled:
        return Hold(f"the rule {case.rule.name} is switched off")
    if case.rule.approval_at(case.evidence["level"]) is None:
        return Hold(f"the rule {case.rule.name} has no rung at {case.evidence['level']} days any more")
    return None


def _same_rule(case: Case) -> Hold | None:
    """Its words, its question or who must say yes are others: it is proposed anew under these."""
    before = case.evidence.get("bound_version")
    if case.rule is None or before is None or case.is_binding:
        return None
    now = bound_version(case.firm, case.rule)
    why = f"the rule {case.rule.name} was changed: this rests on its version {before}, and it is {now} now"
    return Hold(why, "cancelled") if now != before else None


def _same_account(case: Case) -> Hold | None:
    """Another account than the one it was approved with: proposed anew, it takes a second pair of eyes."""
    told = case.evidence.get("accounts")
    if told is None or case.is_binding:
        return None
    before, now = (told.get("client") or {}).get("now"), case.situation.account
    if now is None or (before or {}).get("print") == now["print"]:
        return None
    was = f"ended in {before['ends']}" if before else "was not known"
    return Hold(f"the client's bank account {was}, and ends in {now['ends']} now", "cancelled")


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


def _restricted(case: Case) -> Hold | None:
    client = case.evidence.get("client_id")
    for restriction in case.firm.limits.restrictions:
        if restriction.client == client:
            what = restriction.kind.replace("_", " ")
            return Hold(
                f"{what}: {restriction.reason}; it leaves once [[limits.restrictions]] names {client} no more"
            )
    return None


def _stopped(case: Case) -> Hold | None:
    stop = _usage(case).stop
    if stop is None or (case.kind.undoes and stop.rule != ALL):
        return None
    what, resume = ("all sending", "resume") if stop.rule == ALL else (stop.rule, f"resume {stop.rule}")
    return Hold(
        f"{what} is stopped by {stop.person}: {stop.reason}; `opslayer actions {resume}` lets it leave again"
    )


def _client_hours(case: Case) -> Hold | None:
    if case.evidence.get("client_id") is None or not _is_addressed(case):
        return None
    limits, home = case.firm.limits, case.firm.zone
    country = case.situation.country or (case.firm.billing.country if case.firm.billing else None)
    opens = opens_at(limits, country, home, case.moment)
    if opens == case.moment:
        return None
    if opens is None:
        return Hold(
            "no hour within three weeks suits all time zones of the client; see [limits] in firm.toml"
        )
    return Hold(f"the client is not written to at this hour; it leaves from {_written(opens, case)}")


def _contact_budget(case: Case) -> Hold | None:
    limits, approaches = case.firm.limits, _usage(case).approaches
    if len(approaches) < limits.client_messages:
        return None
    frees = approaches[-limits.client_messages] + timedelta(days=limits.client_days)
    return Hold(
        f"the client was approached {len(approaches)} times in {limits.client_days} days, "
        f"{limits.client_messages} are allowed; it leaves from {_written(frees, case)}"
    )


def _rule_cap(case: Case) -> Hold | None:
    if case.rule is not None and _usage(case).of_rule >= case.rule.daily_cap:
        return Hold(f"the daily cap of {case.rule.daily_cap} messages is reached; it leaves tomorrow")
    return None


def _firm_cap(case: Case) -> Hold | None:
    limits, usage = case.firm.limits, _usage(case)
    if limits.daily_messages is not None and usage.of_all >= limits.daily_messages:
        return Hold(
            f"the firm's cap of {limits.daily_messages} messages a day is reached; it leaves tomorrow"
        )
    amount = usage.amount + case.amount
    if limits.daily_amount is not None and amount > limits.daily_amount:
        return Hold(
            f"with it {amount:,.2f} would have left today, {limits.daily_amount:,.2f} are allowed; "
            "it leaves tomorrow, or once daily_amount under [limits] is more"
        )
    return None


def _written(moment: datetime, case: Case) -> str:
    return f"{moment.astimezone(case.firm.zone):%A %d %B, %H:%M}"


def _usage(case: Case) -> Usage:
    assert case.usage is not None, "asked only as it is about to leave"
    return case.usage


STANDING = (_bounced, _complained, _switch, _same_rule, _same_account, _restricted, _contracts, _freshness)
UNDOING = (_bounced, _restricted)
UNDOING_SENDS = (_stopped, _client_hours)
COUNTS = (_restricted, _contact_budget, _rule_cap, _firm_cap)
SENDING = (_planted, _stopped, _client_hours, _contact_budget, _rule_cap, _firm_cap)
