"""Proof of the record: the chain of the audit trail, and that what was decided and sent is in it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from opslayer.store import AuditEvent, Decision, Outbox, Store, Verification
from opslayer.store import verify as verify_chain


def verify(store: Store) -> Verification:
    """Walk the audit trail; then look for the event of every decision and of every message sent.

    The chain alone cannot tell that its end was cut off: a decision or a message without an event does.
    """
    with store.reading() as session:
        outcome = verify_chain(session)
        if not outcome.holds:
            return outcome
        decided = {
            event.detail.get("decision")
            for event in session.scalars(select(AuditEvent).where(AuditEvent.event.startswith("decision:")))
        }
        sent = set(session.scalars(select(AuditEvent.proposal_id).where(AuditEvent.event == "sent")))
        for number in session.scalars(select(Decision.id).order_by(Decision.id)):
            if number not in decided:
                return _cut_off(outcome, f"decision {number} has no event")
        for number in session.scalars(select(Outbox.proposal_id).where(Outbox.state == "sent")):
            if number not in sent:
                return _cut_off(outcome, f"the message of proposal {number} was sent and has no event")
        return outcome


def _cut_off(outcome: Verification, why: str) -> Verification:
    return replace(outcome, broken=outcome.events + 1, why=f"the end is missing: {why}")
