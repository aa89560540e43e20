"""Who may decide: by role, in turn, for somebody who is away, and after a while for those above.

Whoever stands in for another decides under their own name: one person never gives two of the eyes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from opslayer.access import acts_for
from opslayer.actions.rule import Approval
from opslayer.config import Firm, Person


def roles_asked(approval: Approval, *, given: int, age: timedelta) -> tuple[str, ...]:
    """The roles, any of which may give the next yes, after `given` of them, `age` after it was proposed."""
    asked = (approval.chain[given],) if given < len(approval.chain) else approval.roles
    late = approval.escalate_days is not None and age >= timedelta(days=approval.escalate_days)
    return tuple(dict.fromkeys((*asked, *approval.escalate_to) if late else asked))


def all_roles(approval: Approval, *, age: timedelta) -> tuple[str, ...]:
    """Every role that may say yes at any turn, `age` after it was proposed: each may pull back what waits."""
    turns = (roles_asked(approval, given=given, age=age) for given in range(len(approval.chain) + 1))
    return tuple(dict.fromkeys(role for roles in turns for role in roles))


def is_away(firm: Firm, person: Person, moment: datetime) -> bool:
    """Whether somebody else decides for the person on this day."""
    day = moment.astimezone(firm.zone).date()
    return any(
        absence.first_on <= day <= absence.last_on and absence.person.casefold() == person.email.casefold()
        for absence in firm.absences
    )


def authority(firm: Firm, person: Person, asked: tuple[str, ...], moment: datetime) -> str | None:
    """By what the person may decide: "" for a role of their own, or the name of whom they stand in for."""
    if set(person.roles) & set(asked):
        return ""
    day = moment.astimezone(firm.zone).date()
    return next((away.name for away in acts_for(firm, person, day) if set(away.roles) & set(asked)), None)
