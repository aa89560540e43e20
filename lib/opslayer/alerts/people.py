"""What people say to an alert: that they have taken it on, or that nobody should hear of it for a while."""

from __future__ import annotations

from datetime import datetime

from opslayer.access import admit
from opslayer.alerts import state
from opslayer.alerts.evaluation import keep, standing
from opslayer.alerts.record import Alert, as_alert, find_alert
from opslayer.config import Firm
from opslayer.errors import GuardrailHeld, UsageError
from opslayer.store import Store, lock


def acknowledge(
    firm: Firm, store: Store, key: str, *, person: str, comment: str = "", moment: datetime
) -> Alert:
    """A person takes it on: nobody is told of it again until it is over. Twice by the same person is once.

    `key` is a definition, `definition:entity`, or a number. Raises UsageError for no such alert, or one that
    is at rest; GuardrailHeld for a person who is not of the firm, or whose roles
    do not let them.
    """
    _hold_to_people(firm, store, person, moment)
    with store.session() as session:
        lock(session)
        record = find_alert(session, key)
        before = standing(record)
        after = state.acknowledge(before, person=person, comment=comment, moment=moment)
        if after is None:
            raise UsageError(f"{key} is {record.state}: there is nothing to acknowledge")
        if (before.acknowledged_by, before.comment or "") != (person, comment):
            keep(session, record, after, moment=moment, person=person, why=comment or None)
        return as_alert(record)


def silence(
    firm: Firm, store: Store, key: str, *, until: datetime, person: str, why: str, moment: datetime
) -> Alert:
    """Keep an alert quiet until a moment, whatever is measured.

    Raises UsageError for no such alert, a moment that is past, or no reason; GuardrailHeld for a person who
    is not of the firm.
    """
    _hold_to_people(firm, store, person, moment)
    if until <= moment:
        raise UsageError(f"{until:%Y-%m-%d %H:%M} is past: a silence lasts until a moment to come")
    if not why.strip():
        raise UsageError("say why: whoever looks next has to know what the silence rests on")
    with store.session() as session:
        lock(session)
        record = find_alert(session, key)
        before = standing(record)
        after = state.silence(before, until=until, person=person, why=why, moment=moment)
        if (before.silenced_until, before.silenced_by, before.silenced_why) != (until, person, why):
            keep(session, record, after, moment=moment, person=person, why=why)
        return as_alert(record)


def lift(firm: Firm, store: Store, key: str, *, person: str, moment: datetime) -> Alert:
    """End a silence before its time. Raises as `acknowledge` does; UsageError for what is not silenced."""
    _hold_to_people(firm, store, person, moment)
    with store.session() as session:
        lock(session)
        record = find_alert(session, key)
        before = standing(record)
        if before.silenced_until is None:
            raise UsageError(f"{key} is {record.state}, not silenced")
        after = state.lift(before, moment=moment)
        keep(session, record, after, moment=moment, person=person, why="silence lifted")
        return as_alert(record)


def _hold_to_people(firm: Firm, store: Store, person: str, moment: datetime) -> None:
    if firm.person(person) is None:
        raise GuardrailHeld(
            f"{person or 'nobody'} is not among the people of {firm.name}", mend="add them to firm.toml"
        )
    admit(firm, store, person, "quiet", moment=moment)
