"""Things that happened and that a rule may wait for; and what rules made of them, and of new snapshots."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from opslayer.store.audit_trail import append, lock
from opslayer.store.models import Base

EVENTS = {
    "alert_fired": "a metric left its expected range; about the metric",
    "client_complained": "a client complained of a message; about the client",
    "invoice_settled": "an invoice that was reminded of is paid, credited or void; about the invoice",
    "message_bounced": "a mail came back; about the client, or within the firm the subject of its proposal",
    "message_failed": "a message was refused or given up on; likewise",
}
"""What happens within the layer, by name, and whom each is about."""


class Event(Base):
    """Something that happened, once for a `key` of its name; `subject` is a key as rules' queries give it."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("name", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    subject: Mapped[str]
    key: Mapped[str]
    happened_at: Mapped[datetime] = mapped_column(index=True)


class Evaluation(Base):
    """That a rule was asked on a snapshot, once for a cause: "snapshot", that it is new, or "event:ID".

    Written in the transaction that writes its proposals: what died before is asked again, what is here never.
    """

    __tablename__ = "evaluation"
    __table_args__ = (UniqueConstraint("rule", "cause", "snapshot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(100))
    cause: Mapped[str] = mapped_column(String(40))
    snapshot: Mapped[str] = mapped_column(String(40))
    evaluated_at: Mapped[datetime]
    proposed: Mapped[int]
    failure: Mapped[str | None] = mapped_column(Text)


class Complaint(Base):
    """That a client complained of a message: its rule writes to that client no more until it is settled."""

    __tablename__ = "complaint"

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    rule: Mapped[str] = mapped_column(String(100))
    client_id: Mapped[str] = mapped_column(index=True)
    person: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    complained_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    settlement: Mapped[str | None] = mapped_column(Text)


def open_complaint(session: Session, rule: str, client: str | None) -> Complaint | None:
    """The last complaint of the rule's messages by the client that nobody has settled."""
    known = select(Complaint).where(
        Complaint.rule == rule, Complaint.client_id == client, Complaint.settled_at.is_(None)
    )
    return session.scalars(known.order_by(Complaint.id.desc())).first()


def emit(
    session: Session, name: str, *, subject: str, key: str, moment: datetime, actor: str = "opslayer"
) -> tuple[Event, bool]:
    """Keep that something happened, within the caller's transaction; whether it is new.

    The same key of the same name is the same event, however often it is told, and stays as it was told first.
    """
    lock(session)
    known = session.scalar(select(Event).where(Event.name == name, Event.key == key))
    if known is not None:
        return known, False
    event = Event(name=name, subject=subject, key=key, happened_at=moment)
    session.add(event)
    session.flush()
    detail = {"number": event.id, "name": name, "subject": subject, "key": key}
    append(session, moment=moment, actor=actor, event="event", detail=detail)
    return event, True
