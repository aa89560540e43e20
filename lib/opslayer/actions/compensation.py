"""The kind of action that undoes another: asked for by a person, approved and sent like any other.

It refers to what it undoes, needs the same roles' yes under the same rule, leaves by the same channel and has
a key of its own. What it says is made by the channel's `compensate`: a correction in the thread of a mail, a
CANCEL of an appointment, a field set back, an event that says so.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.channels.channel import Effect, channel_of
from opslayer.actions.guardrails import plain_addresses
from opslayer.actions.kind import Column, Kind
from opslayer.actions.rule import Rule
from opslayer.store import Proposal as Record

NAME = "compensation"
LAPSED = ("rejected", "expired", "cancelled", "failed")  # of which another may be asked for


def compensations(session: Session, original: Record) -> list[Record]:
    """What was asked for to undo `original`, first to last."""
    known = select(Record).where(
        Record.kind == NAME,
        Record.subject == original.subject,
        Record.evidence["compensates"]["proposal"].as_integer() == original.id,
    )
    return list(session.scalars(known.order_by(Record.id)))


def identity(original: Record, turn: int) -> str:
    """The key: of the original's, and of how many before it came to nothing."""
    return hashlib.sha256(json.dumps([NAME, original.idempotency_key, turn]).encode()).hexdigest()


def evidence_of(
    original: Record, sent: Effect, content: dict[str, Any], *, later: tuple[str, ...] = (), reason: str
) -> dict[str, Any]:
    """What the original says of itself, what is undone of it, and by which words or values.

    Its thread holds what was sent `later` in it too, so that a CANCEL counts above them all; it ends with
    what is undone, which a mail answers.
    """
    said = original.evidence
    header = {name: said[name] for name in HEADER} | ({"to": said["to"]} if "to" in said else {})
    changed = content.get("data", {}).items() if content.get("event") is None else ()
    before = sent.content.get("data", {})
    facts = [
        ("Undoes", f"{original.title} (number {original.id})"),
        ("Sent on", f"{sent.moment:%Y-%m-%d %H:%M} UTC"),
        ("By", channel_of(content)),
        ("To", content.get("recipient") or original.evidence["party_name"]),
        ("Why", reason),
        *(
            (name, f"{before.get(name)} back to {value}")
            for name, value in changed
            if before.get(name) != value
        ),
    ]
    return header | {
        "kind": NAME,
        "rung": f"Undo: {said['rung']}",
        "is_contact": False,
        "channel": channel_of(content),
        "thread": [*sent.thread, sent.message_id, *((*later, sent.message_id) if later else ())],
        "compensates": {"proposal": original.id, "key": original.idempotency_key, "reason": reason},
        "rows": [{"what": what, "value": value} for what, value in facts],
    }


HEADER = (
    "rule",
    "level",
    "party_id",
    "party_name",
    "client_id",
    "written_to",
    "as_of",
    "snapshot",
    "contracts",
    "base_currency",
    "total_base",
    "basis",
)


KIND = Kind(
    rule=Rule,  # type: ignore[type-abstract]  # no rule's file is of this kind
    gather=lambda _: None,
    wanted=lambda _, __, ___: [],
    evidence=lambda _, __: {},
    content=lambda _, __, ___: {},
    columns=(Column("what", "What"), Column("value", "Value")),
    checks=(plain_addresses,),
    undoes=True,
)
