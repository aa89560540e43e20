"""What the outbox hands to a channel, made of a proposal: its content, its key, the thread it belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from opslayer.actions.channels.channel import Effect
from opslayer.store import Outbox
from opslayer.store import Proposal as Record


def as_effect(session: Session, record: Record, content: dict[str, Any], moment: datetime) -> Effect:
    """`content` is the message as the record's kind sends it; its thread is of those sent before."""
    assert record.outbox is not None, "it is in the outbox"
    return Effect(
        key=record.idempotency_key,
        message_id=record.outbox.message_id,
        content=content,
        moment=moment,
        thread=tuple(record.evidence.get("thread") or earlier_messages(session, record)),
        detail={
            "proposal": record.id,
            "rule": record.rule,
            "step": record.evidence["rung"],
            "subject": record.subject,
            "name": record.evidence["party_name"],
            "amount": str(record.amount),
            "currency": record.currency,
            "as_of": record.as_of.isoformat(),
            "proposed_at": record.created_at.isoformat(),
        },
    )


def earlier_messages(session: Session, record: Record) -> tuple[str, ...]:
    """Message-IDs of the earlier steps of its sequence: same rule, subject and reader, first to last.

    A sequence begins anew where a step is no later than the one that follows it. Where it was sent itself,
    those that were sent before it.
    """
    found: list[str] = []
    level = record.level
    for message_id, before in session.execute(_sent(record, is_later=False)):
        if before >= level:
            break
        found.insert(0, message_id)
        level = before
    return tuple(found)


def later_messages(session: Session, record: Record) -> tuple[str, ...]:
    """Message-IDs of the later steps of the sequence of what was sent, first to last."""
    found: list[str] = []
    level = record.level
    for message_id, after in session.execute(_sent(record, is_later=True)):
        if after <= level:
            break
        found.append(message_id)
        level = after
    return tuple(found)


def _sent(record: Record, *, is_later: bool) -> Select[str, int]:
    """What else was sent of its rule, subject and reader: after it, first to last; before it, backwards."""
    sent = (
        select(Outbox.message_id, Record.level)
        .join(Outbox.proposal)
        .where(
            Record.rule == record.rule,
            Record.kind == record.kind,
            Record.subject == record.subject,
            Record.id != record.id,
            Record.content["recipient"].as_string() == record.content.get("recipient"),
            Outbox.state == "sent",
        )
    )
    own = record.outbox.sent_at if record.outbox is not None else None
    if is_later:
        return sent.where(Outbox.sent_at > own).order_by(Outbox.sent_at, Outbox.id)
    before = sent if own is None else sent.where(Outbox.sent_at <= own)
    return before.order_by(Outbox.sent_at.desc(), Outbox.id.desc())
