"""The audit trail: appended to, never changed, each event bound to the one before by SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from opslayer.store.models import AuditEvent

GENESIS = "0" * 64


@dataclass(frozen=True)
class Verification:
    """Whether the chain holds: events looked at, and the first that breaks it.

    `head` is the last event's hash. Kept elsewhere, it also proves that nobody cut off the end.
    """

    events: int
    head: str
    broken: int | None = None
    why: str | None = None

    @property
    def holds(self) -> bool:
        return self.broken is None


def append(
    session: Session,
    *,
    moment: datetime,
    actor: str,
    event: str,
    proposal_id: int | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Add an event at the end of the chain, within the caller's transaction.

    The end is locked until that transaction is over, so that two writers cannot fork the chain.
    """
    session.flush()
    lock(session)
    last = session.execute(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).scalar_one_or_none()
    added = AuditEvent(
        id=last.id + 1 if last else 1,
        happened_at=moment,
        actor=actor,
        event=event,
        proposal_id=proposal_id,
        detail=json.loads(json.dumps(detail or {}, default=str)),
        previous_hash=last.hash if last else GENESIS,
    )
    added.hash = digest(as_record(added))
    session.add(added)
    session.flush()
    return added


def lock(session: Session) -> None:
    """Wait until no other transaction writes to the trail, and let none do so before this one is over.

    A transaction that reads, decides and writes takes it first: what it read then still holds when it
    writes, and two of them cannot wait for each other. On SQLite every writing transaction is alone.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("lock table audit_event in exclusive mode"))


def as_record(event: AuditEvent) -> dict[str, Any]:
    """An event in values that JSON carries: what its hash is of, and the hash."""
    return {
        "id": event.id,
        "happened_at": event.happened_at.isoformat(),
        "actor": event.actor,
        "event": event.event,
        "proposal_id": event.proposal_id,
        "detail": event.detail,
        "previous_hash": event.previous_hash,
        "hash": event.hash,
    }


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 over an event as canonical JSON, its predecessor's hash among it."""
    return hashlib.sha256(canonical({k: v for k, v in record.items() if k != "hash"})).hexdigest()


def read_trail(session: Session) -> Iterator[dict[str, Any]]:
    """Every event as a record, first to last, a thousand held at once."""
    trail = select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000)
    with closing(session.execute(trail).scalars()) as events:
        yield from map(as_record, events)


def verify(session: Session) -> Verification:
    """Follow the store's own trail."""
    return follow(read_trail(session))


def follow(records: Iterable[Mapping[str, Any]]) -> Verification:
    """Walk a chain from its start; names the first event that is changed, missing or out of place."""
    previous, count = GENESIS, 0
    for record in records:
        count += 1
        why = _fault(record, count, previous)
        if why:
            return Verification(count, previous, count, why)
        previous = record["hash"]
    return Verification(count, previous)


def _fault(record: Mapping[str, Any], number: int, previous: str) -> str | None:
    if record["id"] != number:
        return f"event {number} is missing"
    if record["previous_hash"] != previous:
        return f"event {number} does not follow the one before it"
    return f"event {number} was changed" if record["hash"] != digest(record) else None
