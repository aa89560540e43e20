"""Proof of the record: the chain of the audit trail, and that the store says what the trail says."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.approval import is_whole
from opslayer.actions.link import digest_of
from opslayer.actions.wording import Edit, edits
from opslayer.store import (
    Assignment,
    AuditEvent,
    AutonomyGrant,
    Bounce,
    Complaint,
    Decision,
    DecisionLink,
    Event,
    Store,
    Verification,
)
from opslayer.store import Proposal as Record
from opslayer.store import verify as verify_chain
from opslayer.store.models import PROPOSAL_STATES

LINK_USED = DecisionLink.used_at.is_not(None)


def verify(store: Store) -> Verification:
    """Walk the audit trail; then hold every proposal, decision and message sent against it.

    The chain alone cannot tell that its end was cut off, nor that a table beside it was changed: what has no
    event, or is not what its event says, does.
    """
    with store.reading() as session:
        outcome = verify_chain(session)
        why = _fault(session) if outcome.holds else None
        return replace(outcome, broken=outcome.events + 1, why=why) if why else outcome


def _fault(session: Session) -> str | None:
    """The first row beside the trail that is not as the trail says."""
    decided: dict[int, AuditEvent] = {}
    proposed: dict[int | None, str] = {}
    states: dict[int | None, str] = {}
    told: set[str] = set()
    arms: dict[tuple[str, str], str] = {}
    came_back: set[tuple[int | None, str]] = set()
    grants: dict[int, str] = {}
    complaints: dict[int | None, str] = {}
    happened: dict[int, tuple[str, str, str]] = {}
    edited: dict[int | None, list[Edit]] = {}
    for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id)):
        if event.event.startswith("decision: "):
            decided[event.detail["decision"]] = event
        elif event.event.startswith("proposed"):
            proposed[event.proposal_id], states[event.proposal_id] = event.detail["evidence_hash"], "proposed"
            edited[event.proposal_id] = []
        elif event.event == "edited":
            proposed[event.proposal_id] = event.detail["evidence_hash"]
            edited[event.proposal_id].append(_edit_told(event))
        elif event.event == "bounced":
            came_back.add((event.proposal_id, event.detail["recipient"]))
        elif event.event in ("complained", "complaint settled"):
            complaints[event.proposal_id] = event.event
        elif event.event == "event":
            told_of = event.detail
            happened[told_of["number"]] = (told_of["name"], told_of["subject"], told_of["key"])
        elif event.event.startswith("autonomy "):
            grants[event.detail["grant"]] = event.event.removeprefix("autonomy ")
        elif event.event == "assigned":
            arms[event.detail["rule"], event.detail["subject"]] = event.detail["arm"]
        elif event.event == "link used":
            told.add(event.detail["link"])
        elif event.event in PROPOSAL_STATES:
            if event.event == "withheld":
                proposed[event.proposal_id] = event.detail["evidence_hash"]
                edited[event.proposal_id] = []
            states[event.proposal_id] = event.event
    bounces = {(one.proposal_id, one.address) for one in session.scalars(select(Bounce))}
    if bounces != came_back:
        number, address = sorted(bounces ^ came_back, key=str)[0]
        return f"the bounce of {address} for proposal {number} is not as its event says"
    heard = {
        one.proposal_id: "complaint settled" if one.settled_at else "complained"
        for one in session.scalars(select(Complaint))
    }
    if heard != complaints:
        number, _ = sorted(heard.items() ^ complaints.items(), key=str)[0]
        return f"the complaint of proposal {number} is not as the trail says"
    kept = {one.id: (one.name, one.subject, one.key) for one in session.scalars(select(Event))}
    if kept != happened:
        return f"event {min(kept.items() ^ happened.items())[0]} is not as it was told"
    drawn = {(one.rule, one.subject): one.arm for one in session.scalars(select(Assignment))}
    if drawn != arms:
        rule, subject = sorted(drawn.items() ^ arms.items())[0][0]
        return f"the arm of {subject} under the rule {rule} is not the one that was drawn"
    used = {digest_of(one) for one in session.scalars(select(DecisionLink.nonce).where(LINK_USED))}
    if used != told:
        return "a link was used, or was made good again, and the trail does not say so"
    granted = {one.id: one.state for one in session.scalars(select(AutonomyGrant))}
    if granted != grants:
        return f"autonomy {min(granted.items() ^ grants.items())[0]} is not what the trail says of it"
    for decision in session.scalars(select(Decision).order_by(Decision.id)):
        if decision.id not in decided:
            return f"the end is missing: decision {decision.id} has no event"
        if _as_decided(decision) != _as_told(decided[decision.id]):
            return f"decision {decision.id} is not what event {decided[decision.id].id} says"
    every = select(Record).order_by(Record.id).execution_options(yield_per=100)
    with closing(session.execute(every).scalars()) as records:
        for record in records:
            if record.id not in proposed:
                return f"the end is missing: proposal {record.id} has no event"
            if record.evidence_hash != proposed[record.id] or not is_whole(record):
                return f"proposal {record.id} is not what was proposed: its evidence or message was changed"
            if edits(record.content) != edited[record.id]:
                return f"proposal {record.id} was edited otherwise than its events say"
            if record.state != states[record.id]:
                return f"proposal {record.id} is {record.state}, and its last event says {states[record.id]}"
    return None


def _edit_told(event: AuditEvent) -> Edit:
    return Edit(event.actor, event.detail["reason"], event.detail["difference"])


def _as_decided(decision: Decision) -> tuple[object, ...]:
    about = (decision.reason, decision.evidence_hash)
    return decision.proposal_id, f"decision: {decision.verdict}", decision.person, *about


def _as_told(event: AuditEvent) -> tuple[object, ...]:
    return event.proposal_id, event.event, event.actor, event.detail["reason"], event.detail["evidence_hash"]
