"""The holdout: a stable share of a rule's subjects whom it leaves alone, so that its effect can be told.

The arm of a subject is drawn by a hash, and written down when the rule first calls for it. It stays: a larger
share takes in only subjects that are new, and a smaller one lets some of the control arm go. What would have
been proposed to the control arm is kept as `withheld` and counts as asked, so that both arms go alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.kind import Kind, Occasion, Wanted
from opslayer.actions.transition import SYSTEM
from opslayer.store import Assignment, append, fraction

LEFT_ALONE = "left alone: its subject is in the control arm of the rule's holdout"


def is_drawn(rule: str, subject: str, share: float) -> bool:
    """Whether a subject falls into the control arm of a `share`; whoever does falls into that of a larger.

    A chance of rule and subject, below the share.
    """
    return fraction("holdout", rule, subject) < share


def left_alone(session: Session, occasion: Occasion, wanted: Iterable[Wanted]) -> frozenset[str]:
    """The subjects of what is wanted that the rule leaves alone; nothing is written."""
    rule = occasion.rule
    if rule.holdout is None:
        return frozenset()
    known = _arms(session, rule.name)
    drawn = {one.subject for one in wanted if is_drawn(rule.name, one.subject, rule.holdout)}
    return frozenset(subject for subject in drawn if known.get(subject, "control") == "control")


def assign(session: Session, kind: Kind, occasion: Occasion, wanted: Iterable[Wanted]) -> frozenset[str]:
    """Write down the arm of each subject that is new to the rule; the subjects that it leaves alone.

    Both arms alike, in the transaction that proposes: nobody is proposed to whose arm is not known.
    """
    wanted = list(wanted)
    alone = left_alone(session, occasion, wanted)
    rule = occasion.rule
    if rule.holdout is None:
        return alone
    known = _arms(session, rule.name)
    for one in wanted:
        if one.subject in known:
            continue
        known[one.subject] = "control" if one.subject in alone else "treatment"
        made = Assignment(
            rule=rule.name,
            rule_version=occasion.rule_version,
            kind=rule.kind,
            subject=one.subject,
            arm=known[one.subject],
            share=Decimal(str(rule.holdout)),
            assigned_on=occasion.as_of,
            assigned_at=occasion.moment,
            snapshot=occasion.layer.version.name,
            amount=one.amount,
            follow=kind.follow(occasion, one),
            judged_from=occasion.as_of + timedelta(days=rule.follow_days),
        )
        session.add(made)
        append(session, moment=occasion.moment, actor=SYSTEM, event="assigned", detail=_detail(made))
    return alone


def _arms(session: Session, rule: str) -> dict[str, str]:
    query = select(Assignment.subject, Assignment.arm).where(Assignment.rule == rule)
    return {row.subject: row.arm for row in session.execute(query)}


def _detail(made: Assignment) -> dict[str, Any]:
    names = ("rule", "rule_version", "subject", "arm", "share", "snapshot", "judged_from")
    return {name: getattr(made, name) for name in names}
