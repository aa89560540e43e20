"""Somebody who looks or decides, and what their roles open as of now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from opslayer.access.matrix import MATRIX, Rights, rights
from opslayer.access.rows import Rows
from opslayer.config import ROLES, Firm, Person, Role


@dataclass(frozen=True)
class Viewer:
    """One person at the door. `roles` are of the seven; `until` is when their access ends."""

    name: str
    email: str
    roles: tuple[Role, ...]
    practices: tuple[str, ...] = ()
    until: datetime | None = None
    decides_by_rule: bool = False

    @property
    def rights(self) -> Rights:
        return rights(self.roles)

    @property
    def rows(self) -> Rows:
        """What of a snapshot they see; nothing of any practice where nobody said which are theirs."""
        return Rows(None if self.rights.every_practice else self.practices, self.rights.costs)


THIS_MACHINE = Viewer("this machine", "", ("owner",))
"""Who sits at the machine and reads its files anyway. Nothing is decided in this name: it is nobody's."""


def as_viewer(firm: Firm, person: Person) -> Viewer:
    """What firm.toml makes of a person.

    A role of the firm's own that [access.roles] does not name opens no page; it decides what rules ask of it.
    """
    opened = {role for named in person.roles for role in firm.access.opens(named)}
    own = any(not firm.access.opens(named) and named not in ROLES for named in person.roles)
    return Viewer(
        person.name,
        person.email,
        tuple(role for role in MATRIX if role in opened),
        person.practices,
        person.until,
        decides_by_rule=own,
    )


def acts_for(firm: Firm, person: Person, day: date) -> tuple[Person, ...]:
    """Those who are away on `day` and have named `person`; whom these stand in for is not passed on."""
    away = (
        firm.person(absence.person)
        for absence in firm.absences
        if absence.first_on <= day <= absence.last_on and absence.deputy.casefold() == person.email.casefold()
    )
    return tuple(one for one in away if one is not None)
