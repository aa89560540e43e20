"""The payment reminder: one message a client, covering all it owes, more firmly the longer it is overdue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from opslayer.actions import message
from opslayer.actions.evidence import gather
from opslayer.actions.guardrails import Case, Hold, plain_addresses
from opslayer.actions.kind import Column, Condition, Followed, Judgement, Kind, Occasion, Wanted
from opslayer.actions.ladder import Invoice, Reminder, ReminderRule, due_reminders, read_invoices
from opslayer.actions.transition import OPEN
from opslayer.store import Proposal as Record
from opslayer.store import ProposalDocument
from opslayer.warehouse import Layer

ON_ITS_WAY = ("approved", "sending", "uncertain")
REMINDED = (*ON_ITS_WAY, "sent", "rejected", "withheld")


@dataclass(frozen=True)
class Books:
    """The open invoices that stand on the ladder's first rung or above it; trouble on projects, by client."""

    invoices: list[Invoice]
    trouble: dict[str, list[str]]


def _gather(occasion: Occasion) -> Books:
    rule: ReminderRule = occasion.rule
    rows = occasion.layer.query(rule.who, from_days=rule.ladder[0].days).to_dicts()
    if rule.exclude_troubled == "ignore":
        return Books(read_invoices(rows), {})
    return Books(read_invoices(rows), read_trouble(occasion.layer, from_amount=rule.troubled_from))


def _wanted(session: Session, occasion: Occasion, books: Books) -> list[Wanted]:
    """What the rule calls for, given what left, is on its way or was refused; what is open does not count."""
    quiet, reminded = _quiet(session, occasion), _reminded(session, occasion)
    due = due_reminders(books.invoices, occasion.rule, reminded=reminded, quiet=quiet)
    return [_as_wanted(reminder, books.trouble.get(reminder.party_id, [])) for reminder in due]


def _reminded(session: Session, occasion: Occasion) -> dict[str, int]:
    """The level at which each document was last reminded of, or is about to be."""
    reached = (
        select(ProposalDocument.document_id, func.max(ProposalDocument.level))
        .join(ProposalDocument.proposal)
        .where(Record.rule == occasion.rule.name, Record.kind == "reminder", Record.state.in_(REMINDED))
        .where((Record.state != "approved") | (Record.expires_at > occasion.moment))
        .group_by(ProposalDocument.document_id)
    )
    return {row[0]: row[1] for row in session.execute(reached)}


def _quiet(session: Session, occasion: Occasion) -> set[str]:
    return set(session.scalars(select(Record.subject).where(_is_quiet(occasion))))


def _asks(session: Session, occasion: Occasion, books: Books, subject: str) -> Iterator[Condition]:
    rule: ReminderRule = occasion.rule
    mine = [invoice for invoice in books.invoices if invoice.party_id == subject]
    first = rule.ladder[0]
    yield Condition(f'an open invoice of it has reached the first rung, "{first.name}"', bool(mine))
    if not mine:
        return
    if rule.exclude_disputed:
        mine = [invoice for invoice in mine if not invoice.is_disputed]
        yield Condition("one of them is not disputed", bool(mine))
    owed = sum((invoice.open_base for invoice in mine), Decimal(0))
    if rule.minimum_amount:
        least = f"{rule.minimum_amount:,.0f} {occasion.layer.base_currency}"
        yield Condition(f"they come to {least} or more (to {owed:,.0f})", owed >= rule.minimum_amount)
    reminded = _reminded(session, occasion)
    rungs = [(invoice.invoice_id, rule.reached(invoice.days_overdue)) for invoice in mine]
    fresh = any(rung and (key not in reminded or reminded[key] < rung.days) for key, rung in rungs)
    yield Condition("one of them is at a rung it was not reminded at", fresh)
    yield Condition(
        f"no reminder to it is on its way, or left in the last {rule.quiet_days} days",
        subject not in _quiet(session, occasion),
    )


def read_trouble(layer: Layer, *, from_amount: Decimal) -> dict[str, list[str]]:
    """What is wrong on running projects, in words, by client; worst first."""
    found: dict[str, list[str]] = {}
    for row in layer.query("client_trouble", from_amount=str(from_amount)).to_dicts():
        who = f" (ask {row['manager_name']})" if row["manager_name"] else ""
        name = row["project_name"] or row["project_id"]
        found.setdefault(row["party_id"], []).append(f"{name} {row['trouble']}{who}")
    return found


def _is_quiet(occasion: Occasion) -> ColumnElement[bool]:
    """Clients with a message on its way, or one not long ago: they are left alone."""
    since = occasion.as_of - timedelta(days=occasion.rule.quiet_days)
    lasting = (Record.state != "approved") | (Record.expires_at > occasion.moment)
    on_its_way = Record.state.in_(ON_ITS_WAY) & lasting
    recent = Record.state.in_(("sent", "withheld")) & (Record.as_of > since)
    return and_(Record.rule == occasion.rule.name, Record.kind == "reminder", on_its_way | recent)


def _as_wanted(reminder: Reminder, trouble: list[str]) -> Wanted:
    count = len(reminder.invoices)
    covers = f"{count} {'invoice' if count == 1 else 'invoices'}"
    return Wanted(
        key=reminder.key,
        subject=reminder.party_id,
        name=reminder.party_name,
        title=f"{reminder.party_name[:300]}: {reminder.rung.name}, {covers}",
        step=reminder.rung.name,
        approval=reminder.rung.approval,
        amount=reminder.amount,
        client=reminder.party_id,
        level=reminder.rung.days,
        documents={invoice.invoice_id: rung.days for invoice, rung in reminder.invoices},
        basis={"trouble": trouble},
        detail=reminder,
    )


def _changed(record: Record, wanted: Wanted) -> bool:
    """An address, an open amount or the trouble is another; what failed waits for another address."""
    reminder: Reminder = wanted.detail
    if record.evidence["party_email"] != reminder.client.party_email:
        return True
    open_amounts = {invoice.invoice_id: str(invoice.open_amount) for invoice, _ in reminder.invoices}
    before = {row["invoice_id"]: row["open_amount"] for row in record.evidence["invoices"]}
    is_other = before != open_amounts or _trouble_seen(record.evidence) != wanted.basis["trouble"]
    return record.state in OPEN and is_other


def _trouble_seen(evidence: dict[str, Any]) -> list[str]:
    """What was known of it when it was drafted."""
    return list((evidence.get("basis") or {}).get("trouble", ()))


def _superseded(session: Session, occasion: Occasion, books: Books, record: Record) -> str | None:
    """A client who is left alone keeps the proposal; others lose one that is no longer as it is due."""
    if session.scalar(
        select(Record.id).where(_is_quiet(occasion), Record.subject == record.subject).limit(1)
    ):
        return None
    open_now = {invoice.invoice_id: invoice for invoice in books.invoices}
    gone = [
        row["number"]
        for row in record.evidence["invoices"]
        if row["invoice_id"] not in open_now
        or (occasion.rule.exclude_disputed and open_now[row["invoice_id"]].is_disputed)
    ]
    if gone:
        return f"superseded: no longer due: {', '.join(gone)}"
    return "superseded: what is due has changed"


def _evidence(occasion: Occasion, wanted: Wanted) -> dict[str, Any]:
    return gather(occasion.rule, wanted.detail) | {"troubled_from": str(occasion.rule.troubled_from)}


def _content(occasion: Occasion, wanted: Wanted, evidence: dict[str, Any]) -> dict[str, Any]:
    content = message.write(occasion.firm, wanted.detail.rung, evidence, moment=occasion.moment)
    if occasion.rule.exclude_troubled == "warn" and wanted.basis["trouble"]:
        content["caution"] = f"Caution: {_talk_first(wanted.basis['trouble'])}."
    return content


def _draw_again(_: Session, occasion: Occasion, record: Record) -> dict[str, Any] | None:
    """The same invoices at the same rungs, their amounts read again."""
    rule: ReminderRule = occasion.rule
    books = {invoice.invoice_id: invoice for invoice in _gather(occasion).invoices}
    rungs = {row["invoice_id"]: rule.rung(row["rung"]) for row in record.evidence["invoices"]}
    rung = rule.rung(record.level)
    found = tuple((books[key], at) for key, at in rungs.items() if key in books and at is not None)
    if rung is None or len(found) < len(rungs):
        return None
    evidence = record.evidence | gather(rule, Reminder(found[0][0], rung, found))
    return message.write(occasion.firm, rung, evidence, moment=occasion.moment)


def _standing(layer: Layer, evidence: dict[str, Any]) -> dict[str, dict[str, Any]]:
    ids = json.dumps([row["invoice_id"] for row in evidence["invoices"]])
    trouble = read_trouble(layer, from_amount=Decimal(evidence.get("troubled_from", 0)))
    found = trouble.get(evidence["party_id"], [])
    rows = layer.query("invoice_standing", invoice_ids=ids).to_dicts()
    return {row["invoice_id"]: {**row, "trouble": found} for row in rows}


def _invoices(case: Case) -> Hold | None:
    """Paid, credited, disputed, changed or gone since the evidence was gathered."""
    for row in case.evidence["invoices"]:
        found = _change(row, case.situation.documents.get(row["invoice_id"]), case.rule)
        if found:
            return Hold(f"invoice {row['number']} {found}", "cancelled")
    return None


def _change(row: dict[str, Any], now: dict[str, Any] | None, rule: ReminderRule | None) -> str | None:
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
    known = {row["party_email"] for row in case.situation.documents.values()}
    if known and known != {case.evidence["party_email"]}:
        return Hold("the client's e-mail address has changed", "cancelled")
    return None


def _no_trouble(case: Case) -> Hold | None:
    """A client whose project is in trouble is talked to before it is asked for money."""
    if case.rule is None or case.rule.exclude_troubled != "hold":
        return None
    trouble = next((row.get("trouble") for row in case.situation.documents.values()), None)
    return Hold(_talk_first(trouble)) if trouble else None


def _follow(_: Occasion, wanted: Wanted) -> dict[str, Any]:
    return {"invoices": sorted(wanted.documents)}


def _judge(layer: Layer, followed: list[Followed]) -> dict[str, Judgement]:
    """Paid in full, all of them, by the last day; what came in until then."""
    asked = [
        {"subject": one.subject, "invoice_id": invoice, "first_day": one.first_day.isoformat(),
         "last_day": one.last_day.isoformat()}
        for one in followed
        for invoice in one.what["invoices"]
    ]  # fmt: skip
    rows = layer.query("invoices_paid_within", asked=json.dumps(asked)).to_dicts()
    return {row["subject"]: Judgement(row["is_settled"], row["days"], row["paid_base"]) for row in rows}


def _talk_first(trouble: list[str]) -> str:
    more = f" (and {len(trouble) - 1} more)" if len(trouble) > 1 else ""
    return f"talk to the project manager first: {trouble[0]}{more}"


KIND = Kind(
    rule=ReminderRule,
    gather=_gather,
    wanted=_wanted,
    evidence=_evidence,
    content=_content,
    rows="invoices",
    columns=(
        Column("number", "Invoice"),
        Column("issued_on", "Issued", "day"),
        Column("due_on", "Due", "day"),
        Column("days_overdue", "Days overdue", "number"),
        Column("open_amount", "Open", "amount"),
        Column("currency", ""),
    ),
    standing=_standing,
    checks=(_invoices, _address, plain_addresses, _no_trouble),
    draw_again=_draw_again,
    asks=_asks,
    lay_out=message.lay_out,
    changed=_changed,
    superseded=_superseded,
    follow=_follow,
    judge=_judge,
    measure="all that was open is paid",
)
