"""What the outbox hands to a channel, made of a proposal: its content, its key, the thread it belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
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

    A sequence begins anew where a step is no later than the one that follows it.
    """
    sent = (
        select(Outbox.message_id, Record.level)
        .join(Outbox.proposal)
        .where(
            Record.rule == record.rule,
            Record.kind == record.kind,
            Record.subject == record.subject,
            Record.content["recipient"].as_string() == record.content.get("recipient"),
            Outbox.state == "sent",
        )
        .order_by(Outbox.sent_at.desc(), Outbox.id.desc())
    )
    level = record.level
    found: list[str] = []
    for message_id, before in session.execute(sent):
        if before >= level:
            break
        found.insert(0, message_id)
        level = before
    return tuple(found)
