"""Which messages did not do what they were sent for: those that came back, and those that were undone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.bounces import addresses
from opslayer.actions.compensation import NAME
from opslayer.store import Bounce, Store
from opslayer.store import Proposal as Record


def without_effect(store: Store) -> frozenset[int]:
    """Numbers of the proposals that left, and then came back from every address or were compensated."""
    with store.reading() as session:
        return came_to_nothing(session)


def came_to_nothing(session: Session) -> frozenset[int]:
    """As `without_effect`, within a session. A compensation counts once it has left itself."""
    undone = select(Record.evidence["compensates"]["proposal"].as_integer()).where(
        Record.kind == NAME, Record.state == "sent"
    )
    returned: dict[int, set[str]] = {}
    for number, address in session.execute(select(Bounce.proposal_id, Bounce.address)):
        returned.setdefault(number, set()).add(address)
    mails = select(Record.id, Record.content).where(Record.id.in_(returned))
    back = {
        number
        for number, content in session.execute(mails)
        if returned[number] >= set(addresses(content.get("recipient")))
    }
    return frozenset(back | set(session.scalars(undone)))
