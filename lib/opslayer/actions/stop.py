"""The switch that stops sending: of one rule, or of all. It works on the next message, in every process.

Whoever is named in firm.toml may throw it and turn it back, with a reason that the trail keeps. What is
approved meanwhile waits, and expires as it would have.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from opslayer.access import asks
from opslayer.actions.kinds import load_rules
from opslayer.actions.limits import ALL
from opslayer.config import Firm
from opslayer.errors import UsageError, unknown
from opslayer.store import Stop, Store, append, lock


@asks("stop")
def stop(firm: Firm, store: Store, *, rule: str | None, person: str, reason: str, moment: datetime) -> Stop:
    """From now on no message of `rule` begins to leave, of no rule where it is None. Again changes nothing.

    Raises UsageError for an unknown rule or person, or without a reason.
    """
    name = _checked(firm, rule, person, reason)
    with store.session() as session:
        lock(session)
        known = session.get(Stop, name)
        if known is not None:
            return known
        made = Stop(rule=name, stopped_at=moment, person=person, reason=reason)
        session.add(made)
        detail = {"rule": name, "reason": reason}
        append(session, moment=moment, actor=person, event="stopped", detail=detail)
        return made


@asks("stop")
def resume(firm: Firm, store: Store, *, rule: str | None, person: str, reason: str, moment: datetime) -> None:
    """Let it leave again. Raises UsageError where it is not stopped, or as `stop` does."""
    name = _checked(firm, rule, person, reason)
    with store.session() as session:
        lock(session)
        known = session.get(Stop, name)
        if known is None:
            raise UsageError(f"{'sending' if rule is None else f'the rule {rule}'} is not stopped")
        session.delete(known)
        detail = {"rule": name, "reason": reason}
        append(session, moment=moment, actor=person, event="resumed", detail=detail)


def list_stops(store: Store) -> list[Stop]:
    """What is stopped: all first, then by rule."""
    with store.reading() as session:
        return list(session.scalars(select(Stop).order_by(Stop.rule)))


def _checked(firm: Firm, rule: str | None, person: str, reason: str) -> str:
    names = [known.name for known in load_rules(firm)]
    if rule is not None and rule not in names:
        raise unknown("rule", rule, names)
    if firm.person(person) is None:
        raise unknown("person", person, (known.email for known in firm.people))
    if not reason.strip():
        raise UsageError("it needs a reason; the trail keeps it")
    return rule or ALL
