"""Which snapshots the proposals rest on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.store.models import OPEN_STATES, Proposal


def snapshots_in_use(session: Session) -> set[str]:
    """Names of the versions that a proposal rests on which waits, is held, or is on its way."""
    return set(session.scalars(select(Proposal.snapshot).where(Proposal.state.in_(OPEN_STATES)).distinct()))
