"""How a proposal moves from state to state, each move with its event in the audit trail.

proposed ─ approved ─ sending ─ sent           held waits for what may pass; uncertain waits for a person
    │  │      ├ held ┘   ├ uncertain ─ sent    rejected by a person; expired by time; cancelled because its
    │  │      │          └ failed              evidence no longer holds, or a newer proposal covers it
    │  └ recorded                              of a kind without a message: approved is done
    └ rejected, expired, cancelled             never of what is binding: it was approved for good

The caller holds the trail's lock (`store.lock`) from before it reads until it commits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from sqlalchemy import false, select
from sqlalchemy.orm import Session

from opslayer.actions.channels.channel import channel_of
from opslayer.actions.grant import end_grant
from opslayer.actions.kind import Kind, Occasion
from opslayer.config import Firm
from opslayer.store import Decision, Outbox, append, emit
from opslayer.store import Proposal as Record

SYSTEM = "opslayer"
OPEN = ("proposed", "held")
UNSENT = ("proposed", "approved", "held")
COMPLAINTS = ("rejected", "failed")  # after which a rule approves by itself no more


def move(
    session: Session,
    record: Record,
    state: str,
    *,
    moment: datetime,
    actor: str = SYSTEM,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Put a proposal into `state`, its outbox row along with it, and write that down."""
    record.state, record.reason = state, reason
    outbox = record.outbox
    if outbox is not None:
        outbox.state = "waiting" if state in ("approved", "held") else state
        if state != "sending":
            outbox.claimed_by = outbox.claimed_until = None
        if state == "sent":
            outbox.sent_at = moment
    content = {"reason": reason, **(detail or {})} if reason else detail
    append(session, moment=moment, actor=actor, event=state, proposal_id=record.id, detail=content)
    if state in COMPLAINTS:
        end_autonomy(session, record.rule, f"proposal {record.id} {state}", moment=moment, actor=actor)

    if state == "failed":
        key = f"{record.id}:{record.evidence_hash[:16]}"
        emit(session, "message_failed", subject=whom(record), key=key, moment=moment)
    undone = record.evidence.get("compensates")
    if undone is not None and state == "sent":
        about = {"by_proposal": record.id, "reason": undone["reason"]}
        append(
            session,
            moment=moment,
            actor=actor,
            event="compensated",
            proposal_id=undone["proposal"],
            detail=about,
        )


def whom(record: Record) -> str:
    """Whom an event of a message is about: its client, or within the firm what its proposal is about."""
    client: str | None = record.evidence.get("client_id")
    return client or record.subject


def end_autonomy(session: Session, rule: str, why: str, *, moment: datetime, actor: str = SYSTEM) -> None:
    """The rule approves nothing by itself from now on; what it approved so and has not left is taken back."""
    for record in end_grant(session, rule, why, moment=moment, actor=actor):
        move(
            session, record, "cancelled", moment=moment, reason=f"its rule approves no more by itself: {why}"
        )


def decide(
    session: Session, record: Record, verdict: str, *, person: str, reason: str, moment: datetime
) -> Decision:
    """Keep one yes or no, bound to the evidence it was given on."""
    decision = Decision(
        verdict=verdict,
        person=person,
        reason=reason,
        evidence_hash=record.evidence_hash,
        decided_at=moment,
    )
    record.decisions.append(decision)
    session.flush()
    append(
        session,
        moment=moment,
        actor=person,
        event=f"decision: {verdict}",
        proposal_id=record.id,
        detail={"decision": decision.id, "reason": reason, "evidence_hash": record.evidence_hash},
    )
    return decision


def carry_out(session: Session, kind: Kind, occasion: Occasion, record: Record) -> None:
    """What the last approval that is needed sets going, in its transaction."""
    record.is_binding = kind.binding
    kind.approved(session, occasion, record)
    if kind.channel == "mail":
        _enqueue(session, occasion.firm, record, moment=occasion.moment)
    else:
        move(session, record, "recorded", moment=occasion.moment)


def _enqueue(session: Session, firm: Firm, record: Record, *, moment: datetime) -> None:
    """Into the outbox, to wait out the hold."""
    hold = timedelta(minutes=firm.hold_minutes(channel_of(record.content)))
    if record.outbox is None:
        sender = record.content.get("sender") or (firm.mail.sender if firm.mail else "")
        domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        record.outbox = Outbox(
            message_id=f"<{record.idempotency_key}@{domain}>", state="waiting", attempts=0, not_before=moment
        )
    record.outbox.not_before = moment + hold
    record.outbox.failure = None
    move(session, record, "approved", moment=moment)


def expire(session: Session, *, moment: datetime) -> list[Record]:
    """Void what nobody sent in time."""
    late = (
        select(Record)
        .where(Record.state.in_(UNSENT), Record.expires_at <= moment, Record.is_binding == false())
        .order_by(Record.id)
    )
    expired = list(session.scalars(late))
    for record in expired:
        move(
            session,
            record,
            "expired",
            moment=moment,
            reason=f"it was valid until {record.expires_at:%Y-%m-%d}",
        )
    return expired
