"""What waits for one person: the proposals to which they may give the next yes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from opslayer.actions.digest import stands_in
from opslayer.actions.kinds import load_rules
from opslayer.actions.proposal import Proposal, as_proposal
from opslayer.config import Firm, Person
from opslayer.store import Proposal as Record
from opslayer.store import Store


def waiting_for(firm: Firm, store: Store, person: Person | None, *, moment: datetime) -> list[Proposal]:
    """What waits and has not expired, the largest amounts first; for nobody in particular: all of it."""
    rules = {rule.name: rule for rule in load_rules(firm)}
    waiting = select(Record).where(Record.state == "proposed", Record.expires_at > moment)
    with store.reading() as session:
        return [
            as_proposal(record)
            for record in session.scalars(waiting.order_by(Record.amount.desc(), Record.id))
            if person is None or stands_in(firm, rules, record, person, moment) is not None
        ]
