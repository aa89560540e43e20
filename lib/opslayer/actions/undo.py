"""Undo: what has not left is taken back; what has left is compensated by an action of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.access import asks
from opslayer.actions.approval import authorise, reject
from opslayer.actions.channels.channel import Effect, channel_of
from opslayer.actions.channels.configured import open_channel
from opslayer.actions.channels.effect import as_effect, later_messages
from opslayer.actions.compensation import LAPSED, NAME, compensations, evidence_of, identity
from opslayer.actions.evidence import fingerprint
from opslayer.actions.kinds import KINDS
from opslayer.actions.proposal import Proposal, as_proposal, find
from opslayer.actions.rule import Rule
from opslayer.actions.transition import UNSENT, end_autonomy
from opslayer.config import Firm
from opslayer.errors import OpslayerError, UsageError
from opslayer.store import IssuedInvoice, Store, append, lock
from opslayer.store import Proposal as Record


@asks("decide")
def undo(firm: Firm, store: Store, number: int, *, person: str, reason: str, moment: datetime) -> Proposal:
    """Take back what has not left; of what has, propose what undoes it. The same again changes nothing.

    What comes back is the proposal taken back, or the one that compensates: it waits for an approval like any
    other, and its reader is told the reason. Raises GuardrailHeld where the person's roles do not allow it,
    UsageError where there is nothing to undo or no way to.
    """
    with store.reading() as session:
        record = find(session, number)
        state, is_binding = record.state, record.is_binding
    if state == "rejected" or (state in UNSENT and not is_binding):
        return reject(firm, store, number, person=person, reason=reason, moment=moment)
    with store.session() as session:
        lock(session)
        record = find(session, number)
        rule, who, said = authorise(firm, record, person, reason, moment)
        known = _known(session, record)
        if known is not None:
            return as_proposal(known)
        made = _compensation(session, firm, record, rule, reason, moment)
        session.add(made)
        session.flush()
        detail = {"key": made.idempotency_key, "evidence_hash": made.evidence_hash, "undoes": number}
        append(session, moment=moment, actor=who.email, event="proposed", proposal_id=made.id, detail=detail)
        asked = {"by_proposal": made.id, "reason": said}
        append(session, moment=moment, actor=who.email, event="undo asked", proposal_id=number, detail=asked)
        end_autonomy(session, record.rule, f"proposal {number} undone", moment=moment, actor=who.email)
        return as_proposal(made)


@dataclass(frozen=True)
class Undoing:
    """What undoing one would do, in a line, and the words it would send; `number` where it was asked for."""

    does: str
    text: str = ""
    number: int | None = None


def preview_undo(firm: Firm, store: Store, number: int, *, reason: str = "(your reason)") -> Undoing | None:
    """What `undo` would do; None where there is nothing to undo or no way to. Writes nothing."""
    with store.reading() as session:
        record = find(session, number)
        if record.state in UNSENT:
            return (
                None
                if record.is_binding
                else Undoing("It has not left: it is taken back, and nothing is sent.")
            )
        try:
            known = _known(session, record)
            if known is not None:
                return Undoing(f"It is being undone: number {known.id} is {known.state}.", number=known.id)
            _, content = _undoing(session, firm, record, reason)
        except OpslayerError:
            return None
        way = "mail" if channel_of(content) == "mail" else f"the channel {channel_of(content)}"
        return Undoing(
            f'It has left. To undo it, this is proposed by {way}: "{content["subject"]}".', content["text"]
        )


def _known(session: Session, record: Record) -> Record | None:
    """What undoes it already: of an invoice, its credit note."""
    if record.kind == "invoice":
        return _credit_note(session, record)
    return next((one for one in compensations(session, record) if one.state not in LAPSED), None)


def _credit_note(session: Session, record: Record) -> Record | None:
    issued = session.scalar(select(IssuedInvoice).where(IssuedInvoice.proposal_id == record.id))
    if issued is None:
        return None
    notes = select(Record).where(
        Record.kind == "invoice",
        Record.subject == record.subject,
        Record.evidence["corrects"]["number"].as_string() == issued.number,
        Record.state.not_in(LAPSED),
    )
    return session.scalars(notes.order_by(Record.id)).first()


def _compensation(
    session: Session, firm: Firm, record: Record, rule: Rule, reason: str, moment: datetime
) -> Record:
    sent, content = _undoing(session, firm, record, reason)
    approval = rule.approval_at(record.level)
    assert approval is not None, "who may decide was asked"
    content |= {"policy": approval.in_words(record.amount, least=1)}
    later = later_messages(session, record)
    evidence = evidence_of(record, sent, content, later=later, reason=reason)
    turn = len(compensations(session, record))
    return Record(
        idempotency_key=identity(record, turn),
        rule=record.rule,
        kind=NAME,
        level=record.level,
        subject=record.subject,
        title=f"Undo: {record.title}"[:400],
        amount=record.amount,
        currency=record.currency,
        evidence=evidence,
        content=content,
        evidence_hash=fingerprint(evidence, content),
        snapshot=record.snapshot,
        as_of=record.as_of,
        state="proposed",
        created_at=moment,
        expires_at=moment + timedelta(days=approval.expires_days),
        is_binding=False,
    )


def _undoing(session: Session, firm: Firm, record: Record, reason: str) -> tuple[Effect, dict[str, Any]]:
    """What was sent, and the content that undoes it. Raises UsageError where there is no way to."""
    if record.kind == NAME:
        raise UsageError(f"proposal {record.id} undoes another itself")
    if record.kind == "invoice":
        raise UsageError(
            f"{record.title} was issued; a credit note takes it back",
            mend="reopen or cancel its milestones in the project tool: the credit note is then proposed",
        )
    if record.state in ("sending", "uncertain"):
        raise UsageError(f"nobody knows yet whether proposal {record.id} left", mend="settle it first")
    if record.state != "sent" or record.outbox is None:
        raise UsageError(f"proposal {record.id} is {record.state}; there is nothing to undo")
    sent_at = record.outbox.sent_at
    assert sent_at is not None, "it was sent"
    sent = as_effect(session, record, KINDS[record.kind].message(session, record), sent_at)
    return sent, open_channel(firm, channel_of(sent.content)).compensate(sent, reason=reason)
