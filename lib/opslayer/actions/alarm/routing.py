"""Who is to be told of an alert now: pure functions of where it stands, the firm's chains, and a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

import holidays

from opslayer.access import acts_for, as_viewer
from opslayer.actions.authority import is_away
from opslayer.alerts import AT_REST, Alert, Definition
from opslayer.config import AlertsSection, AlertStep, Firm, Person

What = Literal["firing", "flapping", "resolved", "no data", "error"]
BEGUN: tuple[What, ...] = ("firing", "flapping")
"""Of which somebody is told that it is over."""


@dataclass(frozen=True)
class Due:
    """Something to tell those of a role: `begun` and `turn` say which telling it is, so that it is told once.

    `late` are the hours that nobody has acknowledged it, for a step that is not the first.
    """

    what: What
    role: str
    begun: datetime
    turn: int
    late: float = 0.0


@dataclass(frozen=True)
class Telling:
    """What a person was told of an alert before."""

    person: str
    what: str
    begun: str


def chain_of(settings: AlertsSection, owner: str, roles: set[str]) -> tuple[AlertStep, ...]:
    """The steps for an owner: its own, else those of "*", else the role of its name."""
    own = settings.chains.get(owner) or settings.chains.get("*")
    if own:
        return own
    name = owner.casefold()
    role = next((one for one in (name, name.removesuffix("s")) if one in roles), name)
    return (AlertStep(role=role),)


def flapping_since(fired: Sequence[datetime], settings: AlertsSection, moment: datetime) -> datetime | None:
    """When an alert began to flap: the first of the times it fired, none too long after the one before it."""
    span = timedelta(days=settings.flapping_days)
    recent = [one for one in sorted(fired) if one <= moment]
    if sum(moment - one <= span for one in recent) < settings.flapping_times:
        return None
    first = recent[-1]
    for earlier in reversed(recent[:-1]):
        if first - earlier > span:
            break
        first = earlier
    return first


def due(
    alert: Alert,
    chain: Sequence[AlertStep],
    settings: AlertsSection,
    *,
    fired: Sequence[datetime],
    moment: datetime,
) -> list[Due]:
    """What is to be told of it now: a telling a step of the chain that has come, and an interval.

    Nothing of what is pending, acknowledged, recovering or silenced; of no data only where there was some.
    That an alert is over is told to those who heard of its beginning (`over`).
    """
    repeat = timedelta(hours=settings.repeat_hours)
    flaps = flapping_since(fired, settings, moment)
    match alert.state:
        case "firing" if alert.opened_at is not None:
            what: What = "flapping" if flaps else "firing"
            begun = flaps or alert.opened_at
            steps = [(step, begun + timedelta(hours=step.after_hours)) for step in chain]
            return [
                Due(what, step.role, begun, int((moment - start) / repeat), step.after_hours)
                for step, start in steps
                if moment >= start
            ]
        case "error" | "no data" if alert.acknowledged_by is None:
            if alert.state == "no data" and alert.measured_on is None:
                return []
            return [Due(alert.state, chain[0].role, alert.since, int((moment - alert.since) / repeat))]
    return []


def over(
    alert: Alert,
    told: Sequence[Telling],
    settings: AlertsSection,
    *,
    fired: Sequence[datetime],
    moment: datetime,
) -> list[str]:
    """Those who heard that it fired and are to hear that it is over; nobody while it flaps.

    `told` are all tellings of the alert, first to last.
    """
    if alert.state not in AT_REST or flapping_since(fired, settings, moment):
        return []
    last = {one.person: one.what for one in told if one.what in (*BEGUN, "resolved")}
    return [person for person, what in last.items() if what in BEGUN]


def is_maintained(definition: str, settings: AlertsSection, moment: datetime) -> bool:
    """Whether the alert is in a window in which nobody is told of it."""
    return any(
        window.first <= moment < window.last
        and any(fnmatchcase(definition, pattern) for pattern in window.alerts)
        for window in settings.maintenance
    )


def may_tell(
    firm: Firm, settings: AlertsSection, person: Person, definition: Definition | None, moment: datetime
) -> bool:
    """Whether this is an hour to write to them: the firm's calendar, and their own hours or the firm's."""
    if definition is not None and definition.urgent:
        return True
    there = moment.astimezone(firm.zone)
    if settings.working_days and not _calendar(firm, settings).is_working_day(there.date()):
        return False
    begins, ends = person.hours_from or settings.tell_from, person.hours_until or settings.tell_until
    return begins <= there.time() < ends


def readers(firm: Firm, role: str, moment: datetime) -> list[Person]:
    """Those of a role who are there, and who stands in for those who are not.

    Where nobody of the firm has the role, it is the owners', or else everybody's: no alert is nobody's.
    """
    day = moment.astimezone(firm.zone).date()
    if not any(role in person.roles for person in firm.people):
        owners = [person for person in firm.people if "owner" in as_viewer(firm, person).roles]
        return owners or list(firm.people)
    return [
        person
        for person in firm.people
        if (role in person.roles and not is_away(firm, person, moment))
        or any(role in away.roles for away in acts_for(firm, person, day))
    ]


def _calendar(firm: Firm, settings: AlertsSection) -> holidays.HolidayBase:
    """Weekends and public holidays; Saturdays and Sundays alone where the country is not known."""
    country = settings.country or (firm.billing.country if firm.billing else None)
    if country not in holidays.list_supported_countries():
        return holidays.HolidayBase()
    return holidays.country_holidays(country)
