"""What asks a rule where no job does, and that it has asked: a snapshot that is new, or an event."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions.kind import Occasion
from opslayer.actions.transition import SYSTEM
from opslayer.store import Evaluation, Event, append

SNAPSHOT = "snapshot"
PATIENCE = timedelta(
    days=7
)  # an event is asked about so long, where the snapshots do not know its subject yet


def cause_of(event: Event) -> str:
    return f"event:{event.id}"


def is_evaluated(session: Session, occasion: Occasion) -> bool:
    """Whether the rule was asked this already; never where a job asks, which may ask as often as it likes."""
    if occasion.cause is None:
        return False
    known = select(Evaluation.id).where(
        Evaluation.rule == occasion.rule.name,
        Evaluation.cause == occasion.cause,
        Evaluation.snapshot == occasion.layer.version.name,
    )
    return session.scalar(known) is not None


def keep_evaluation(
    session: Session, occasion: Occasion, *, proposed: int = 0, failure: str | None = None
) -> None:
    """Write down that it was asked, in the transaction that wrote what came of it."""
    if occasion.cause is None:
        return
    told = {"rule": occasion.rule.name, "cause": occasion.cause, "snapshot": occasion.layer.version.name,
            "proposed": proposed, "failure": failure}  # fmt: skip
    session.add(Evaluation(evaluated_at=occasion.moment, **told))
    append(session, moment=occasion.moment, actor=SYSTEM, event="evaluated", detail=told)
