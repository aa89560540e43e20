"""The grants by which rules approve by themselves, as they stand in the store; and how one ends, at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.store import AutonomyGrant, Decision, append
from opslayer.store import Proposal as Record

LIVE = ("proposed", "confirmed")
UNSENT = ("approved", "held")
AUTONOMY = "autonomy of "  # before the rule's name: who decided, where nobody did


def live_grant(session: Session, rule: str) -> AutonomyGrant | None:
    """The grant of a rule that is proposed or confirmed; None where there is none, or it has ended."""
    query = select(AutonomyGrant).where(AutonomyGrant.rule == rule, AutonomyGrant.state.in_(LIVE))
    return session.scalars(query.order_by(AutonomyGrant.id.desc())).first()


def is_granted(session: Session, rule: str, version: str) -> bool:
    """Whether a person confirmed that this version of the rule approves by itself, and nothing ended it."""
    grant = live_grant(session, rule)
    return grant is not None and grant.state == "confirmed" and grant.rule_version == version


def end_grant(session: Session, rule: str, why: str, *, moment: datetime, actor: str) -> list[Record]:
    """End what is granted to a rule, from this transaction on; what it approved by itself and has not left.

    The caller takes those back. Nothing happens where nothing is granted.
    """
    grant = live_grant(session, rule)
    if grant is None:
        return []
    grant.state, grant.ended_at, grant.ended_because = "ended", moment, why
    detail = {"rule": rule, "rule_version": grant.rule_version, "grant": grant.id, "reason": why}
    append(session, moment=moment, actor=actor, event="autonomy ended", detail=detail)
    unsent = (
        select(Record)
        .join(Record.decisions)
        .where(
            Record.rule == rule,
            Record.state.in_(UNSENT),
            Record.is_binding.is_(False),
            Decision.person == AUTONOMY + rule,
            Decision.evidence_hash == Record.evidence_hash,
        )
        .order_by(Record.id)
    )
    return list(session.scalars(unsent).unique())
