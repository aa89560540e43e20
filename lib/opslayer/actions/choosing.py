"""Why a rule of any kind proposes something about a subject, or does not: condition by condition.

What the kind asks of it comes first; then what holds for all kinds: it was not proposed already, and the
holdout does not leave it alone. Rules of the kind `message` say more: see `explanation`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions import holdout
from opslayer.actions.draft import is_new
from opslayer.actions.kind import Condition, Occasion
from opslayer.actions.kinds import KINDS
from opslayer.store import Proposal as Record


def conditions_of(session: Session, occasion: Occasion, subject: str) -> Iterator[Condition]:
    """Each condition with whether it holds; a subject is named by its own key or by its client's."""
    rule, kind = occasion.rule, KINDS[occasion.rule.kind]
    facts = kind.gather(occasion)
    yield Condition("the rule is switched on", rule.enabled)
    yield from kind.asks(session, occasion, facts, subject)
    every = kind.wanted(session, occasion, facts)
    wanted = [one for one in every if subject in (one.subject, one.client)]
    yield Condition("so the rule calls for something about it", bool(wanted))
    for one in wanted:
        known = session.scalar(select(Record).where(Record.idempotency_key == one.key))
        if known is not None:
            again = is_new(kind, known, one, occasion.moment, occasion.bound_version)
            standing = f"number {known.id} is {known.state}"
            yield Condition(f"{one.step} was not proposed before, or is to be again ({standing})", again)
    if rule.holdout is not None and wanted:
        alone = holdout.left_alone(session, occasion, every)
        yield Condition(
            f"it is not among the {rule.holdout:.0%} that chance leaves alone",
            not any(one.subject in alone for one in wanted),
        )
