"""Propose what the rules call for: gather from the layer and the store, decide, write. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opslayer.actions import guardrails
from opslayer.actions.evidence import fingerprint, gather
from opslayer.actions.ladder import Invoice, Reminder, due_reminders, read_invoices
from opslayer.actions.message import write
from opslayer.actions.proposal import Proposal, as_proposal
from opslayer.actions.rule import Rule, choose_rules
from opslayer.actions.transition import OPEN, SYSTEM, UNSENT, decide, enqueue, expire, move
from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.store import Proposal as Record
from opslayer.store import ProposalDocument, Store, append, lock
from opslayer.warehouse import Layer

ON_ITS_WAY = ("approved", "sending", "uncertain")
REMINDED = (*ON_ITS_WAY, "sent", "rejected")


@dataclass(frozen=True)
class Draft:
    """A reminder with its evidence, the message it would send, and what holds it even now."""

    reminder: Reminder
    evidence: dict[str, Any]
    content: dict[str, Any]
    expires_at: datetime
    hold: guardrails.Hold | None

    @property
    def evidence_hash(self) -> str:
        return fingerprint(self.evidence, self.content)


def propose(
    firm: Firm,
    layer: Layer,
    store: Store,
    *,
    as_of: date,
    moment: datetime,
    rule: str | None = None,
    dry_run: bool = False,
) -> list[Proposal]:
    """The proposals that are new on `as_of`; what is open stays, or is replaced if it changed.

    A dry run writes nothing. Raises UsageError where the snapshot is of another day or the rule is unknown.
    """
    if layer.as_of != as_of:
        raise UsageError(
            f"the snapshot is as of {layer.as_of}, and {as_of} was asked for",
            mend=f"`opslayer refresh --as-of {as_of}` publishes one of that day",
        )
    made: list[Proposal] = []
    for chosen in choose_rules(firm, rule):
        if chosen.enabled:
            made += _propose(firm, layer, store, chosen, moment=moment, dry_run=dry_run)
    return made


def _propose(
    firm: Firm, layer: Layer, store: Store, rule: Rule, *, moment: datetime, dry_run: bool
) -> list[Proposal]:
    invoices = read_invoices(layer.query(rule.who, from_days=rule.ladder[0].days).to_dicts())
    with store.reading() as session:
        # what takes time, writing the messages, is done before the trail is locked
        drafts = {
            reminder.key: _draft(firm, layer, rule, reminder, moment)
            for reminder in _wanted(session, rule, invoices, layer.as_of, moment)
            if _is_new(_known(session, reminder), reminder, moment)
        }
    if dry_run:
        return [as_proposal(_record(rule, draft, moment)) for draft in drafts.values()]
    with store.session() as session:
        lock(session)
        expire(session, moment=moment)
        wanted = _wanted(session, rule, invoices, layer.as_of, moment)
        _supersede(session, rule, wanted, invoices, layer.as_of, moment)
        records = [
            _write(session, firm, rule, drafts[reminder.key], _known(session, reminder), moment)
            for reminder in wanted
            if reminder.key in drafts and _is_new(_known(session, reminder), reminder, moment)
        ]
        return [as_proposal(record) for record in records]


def _wanted(
    session: Session, rule: Rule, invoices: Iterable[Invoice], as_of: date, moment: datetime
) -> list[Reminder]:
    """What the rule calls for, given what left, is on its way or was refused; what is open does not count."""
    reached = (
        select(ProposalDocument.document_id, func.max(ProposalDocument.level))
        .join(ProposalDocument.proposal)
        .where(Record.rule == rule.name, Record.state.in_(REMINDED))
        .where((Record.state != "approved") | (Record.expires_at > moment))
        .group_by(ProposalDocument.document_id)
    )
    reminded = {row[0]: row[1] for row in session.execute(reached)}
    return due_reminders(invoices, rule, reminded=reminded, quiet=_quiet(session, rule, as_of, moment))


def _quiet(session: Session, rule: Rule, as_of: date, moment: datetime) -> set[str]:
    """Clients with a message on its way, or one not long ago: they are left alone."""
    since = as_of - timedelta(days=rule.quiet_days)
    on_its_way = Record.state.in_(ON_ITS_WAY) & ((Record.state != "approved") | (Record.expires_at > moment))
    query = select(Record.subject).where(
        Record.rule == rule.name, on_its_way | ((Record.state == "sent") & (Record.as_of > since))
    )
    return set(session.scalars(query))


def _known(session: Session, reminder: Reminder) -> Record | None:
    return session.scalar(select(Record).where(Record.idempotency_key == reminder.key))


def _is_new(known: Record | None, reminder: Reminder, moment: datetime) -> bool:
    """Whether a reminder needs a proposal: there is none, or it lapsed, or what it rests on has changed."""
    if known is None or known.state in ("cancelled", "expired"):
        return True
    if known.state in UNSENT and known.expires_at <= moment:
        return True
    address = reminder.client.party_email
    if known.state == "failed":
        return bool(known.evidence["party_email"] != address)
    open_amounts = {invoice.invoice_id: str(invoice.open_amount) for invoice, _ in reminder.invoices}
    before = {row["invoice_id"]: row["open_amount"] for row in known.evidence["invoices"]}
    return known.state in OPEN and (before != open_amounts or known.evidence["party_email"] != address)


def _draft(firm: Firm, layer: Layer, rule: Rule, reminder: Reminder, moment: datetime) -> Draft:
    evidence = gather(layer, rule, reminder)
    content = write(firm, reminder.rung, evidence, moment=moment)
    content["policy"] = reminder.rung.approval.in_words(reminder.amount)
    expires_at = moment + timedelta(days=reminder.rung.approval.expires_days)
    situation = guardrails.read_situation(layer, evidence)
    case = guardrails.Case(rule, evidence, content["recipient"], expires_at, moment, situation)
    return Draft(reminder, evidence, content, expires_at, guardrails.examine(case))


def _record(rule: Rule, draft: Draft, moment: datetime, into: Record | None = None) -> Record:
    """The draft as a row: a new one, or `into` one that was open or had lapsed."""
    reminder, count = draft.reminder, len(draft.reminder.invoices)
    record = into or Record(idempotency_key=reminder.key)
    record.rule, record.level, record.subject = rule.name, reminder.rung.days, reminder.party_id
    covers = f"{count} {'invoice' if count == 1 else 'invoices'}"
    record.title = f"{reminder.party_name[:300]}: {reminder.rung.name}, {covers}"
    record.amount, record.currency = reminder.amount, draft.evidence["base_currency"]
    record.evidence, record.content = draft.evidence, draft.content
    record.evidence_hash = draft.evidence_hash
    record.snapshot, record.as_of = draft.evidence["snapshot"], date.fromisoformat(draft.evidence["as_of"])
    record.created_at = moment
    record.expires_at = draft.expires_at
    record.state, record.reason = "proposed", draft.hold.reason if draft.hold else None
    levels = {row.document_id: row for row in record.documents}
    for invoice, rung in reminder.invoices:
        if invoice.invoice_id in levels:
            levels[invoice.invoice_id].level = rung.days
        else:
            record.documents.append(ProposalDocument(document_id=invoice.invoice_id, level=rung.days))
    return record


def _write(
    session: Session, firm: Firm, rule: Rule, draft: Draft, known: Record | None, moment: datetime
) -> Record:
    record = _record(rule, draft, moment, known)
    if record.outbox is not None:
        record.outbox.state = "cancelled"
    session.add(record)
    session.flush()
    detail = {
        "key": record.idempotency_key,
        "evidence_hash": record.evidence_hash,
        "snapshot": record.snapshot,
    }
    event = "proposed" if known is None else "proposed again"
    append(session, moment=moment, actor=SYSTEM, event=event, proposal_id=record.id, detail=detail)
    if draft.hold is None and draft.reminder.rung.approval.needed(record.amount) == 0:
        limit = draft.reminder.rung.approval.automatic_up_to
        decide(
            session,
            record,
            "approved",
            person=f"rule {rule.name}",
            reason=f"automatic up to {limit} {record.currency}",
            moment=moment,
        )
        enqueue(session, firm, record, moment=moment)
    return record


def _supersede(
    session: Session,
    rule: Rule,
    wanted: Iterable[Reminder],
    invoices: Iterable[Invoice],
    as_of: date,
    moment: datetime,
) -> None:
    """Cancel open proposals that the rule no longer calls for as they are."""
    keys = {reminder.key for reminder in wanted}
    quiet = _quiet(session, rule, as_of, moment)
    open_now = {invoice.invoice_id: invoice for invoice in invoices}
    query = select(Record).where(Record.rule == rule.name, Record.state.in_(OPEN)).order_by(Record.id)
    for record in session.scalars(query):
        if record.idempotency_key in keys or record.subject in quiet:
            continue
        gone = [
            row["number"]
            for row in record.evidence["invoices"]
            if row["invoice_id"] not in open_now
            or (rule.exclude_disputed and open_now[row["invoice_id"]].is_disputed)
        ]
        reason = (
            f"superseded: no longer due: {', '.join(gone)}" if gone else "superseded: what is due has changed"
        )
        move(session, record, "cancelled", moment=moment, reason=reason)
