"""A client complains of a message: its rule approves nothing by itself any more, and leaves the client alone.

Whoever is named in firm.toml may write it down, as soon as it is heard. It is settled by somebody who may
decide the rule's messages; until then what the rule has for that client is held. What undoes it still leaves.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.access import asks
from opslayer.actions.approval import authorise
from opslayer.actions.proposal import Proposal, as_proposal, find
from opslayer.actions.transition import end_autonomy, whom
from opslayer.config import Firm
from opslayer.errors import UsageError, unknown
from opslayer.store import Complaint, Store, append, emit, lock


@asks("stop")
def complain(
    firm: Firm, store: Store, number: int, *, person: str, reason: str, moment: datetime
) -> Proposal:
    """Write down that a client complained of a message that was sent. The same again changes nothing.

    Raises UsageError for an unknown person, without a reason, or where the message was not sent.
    """
    who = firm.person(person)
    if who is None:
        raise unknown("person", person, (one.email for one in firm.people))
    if not reason.strip():
        raise UsageError("a complaint needs what was complained of; the trail keeps it")
    with store.session() as session:
        lock(session)
        record = find(session, number)
        if _of(session, number) is not None:
            return as_proposal(record)
        if record.state != "sent":
            raise UsageError(
                f"proposal {number} is {record.state}; only of what was sent can anybody complain"
            )
        client = whom(record)
        session.add(
            Complaint(
                proposal_id=number, rule=record.rule, client_id=client, person=who.email, reason=reason,
                complained_at=moment,
            )
        )  # fmt: skip
        detail = {"rule": record.rule, "client": client, "reason": reason}
        append(session, moment=moment, actor=who.email, event="complained", proposal_id=number, detail=detail)
        emit(session, "client_complained", subject=client, key=str(number), moment=moment, actor=who.email)
        why = f"a complaint of proposal {number}"
        end_autonomy(session, record.rule, why, moment=moment, actor=who.email)
        return as_proposal(record)


@asks("decide")
def settle_complaint(
    firm: Firm, store: Store, number: int, *, person: str, reason: str, moment: datetime
) -> Proposal:
    """The client may be written to by that rule again; autonomy is to be earned anew. Again changes nothing.

    Raises GuardrailHeld where the person's roles do not allow it, UsageError where nobody complained.
    """
    with store.session() as session:
        lock(session)
        record = find(session, number)
        _, who, said = authorise(firm, record, person, reason, moment)
        complaint = _of(session, number)
        if complaint is None:
            raise UsageError(f"nobody complained of proposal {number}")
        if complaint.settled_at is None:
            complaint.settled_at, complaint.settled_by, complaint.settlement = moment, who.email, said
            detail = {"rule": complaint.rule, "client": complaint.client_id, "reason": said}
            append(
                session,
                moment=moment,
                actor=who.email,
                event="complaint settled",
                proposal_id=number,
                detail=detail,
            )
        return as_proposal(record)


def _of(session: Session, number: int) -> Complaint | None:
    return session.scalar(select(Complaint).where(Complaint.proposal_id == number))
