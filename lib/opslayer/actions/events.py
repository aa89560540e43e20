"""Events that a firm's own systems tell of; the layer's own are kept where they happen (`store.emit`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from opslayer.actions.cause import cause_of
from opslayer.config import Firm
from opslayer.errors import UsageError, unknown
from opslayer.store import EVENTS, Evaluation, Event, Store, emit

LONGEST = 200  # characters of a subject or key, as the store has them


@dataclass(frozen=True)
class Happened:
    """An event as it is kept; `is_new` is false where it was told before. `proposed` is what came of it."""

    id: int
    name: str
    subject: str
    key: str
    happened_at: datetime
    is_new: bool = False
    proposed: int = 0


def emit_event(firm: Firm, store: Store, name: str, *, subject: str, key: str, moment: datetime) -> Happened:
    """Keep that something happened at the firm, once for its key; rules that wait for it are asked later.

    Raises UsageError for a name that is not under [events] in firm.toml (the layer's own happen within it
    alone), a subject or key that is empty or too long, and a key that was told of another subject.
    """
    if name not in firm.events or name in EVENTS:
        raise unknown("event", name, sorted(firm.events.keys() - EVENTS.keys()))
    for what, value in (("subject", subject), ("key", key)):
        if not value.strip() or len(value) > LONGEST:
            raise UsageError(f"the {what} of an event has 1 to {LONGEST} characters; got {len(value)}")
    with store.session() as session:
        event, is_new = emit(session, name, subject=subject, key=key, moment=moment, actor="outside")
        if event.subject != subject:
            raise UsageError(f"{name} {key} is about {event.subject} already; got {subject}")
        return Happened(event.id, event.name, event.subject, event.key, event.happened_at, is_new)


def list_events(store: Store, *, limit: int = 100) -> list[Happened]:
    """The last events, newest first, each with how many proposals came of it."""
    came = select(Evaluation.cause, func.sum(Evaluation.proposed)).group_by(Evaluation.cause)
    with store.reading() as session:
        made = dict(iter(session.execute(came)))
        return [
            Happened(
                one.id, one.name, one.subject, one.key, one.happened_at, proposed=made.get(cause_of(one), 0)
            )
            for one in session.scalars(select(Event).order_by(Event.id.desc()).limit(limit))
        ]
