"""Mails that say what waits for somebody, and the links in them, as tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opslayer.store.models import Base


class Digest(Base):
    """One mail to one person; kept before it is sent, so that a second try sends the same links."""

    __tablename__ = "digest"
    __table_args__ = (CheckConstraint("state in ('waiting', 'mailed', 'void')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str]
    made_at: Mapped[datetime]
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(String(20))
    claimed_until: Mapped[datetime | None]
    links: Mapped[list[DecisionLink]] = relationship(back_populates="digest")


class DecisionLink(Base):
    """One person's way to decide one proposal as it was then; it decides once."""

    __tablename__ = "decision_link"
    __table_args__ = (UniqueConstraint("proposal_id", "person", "evidence_hash"),)

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digest.id"), index=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    person: Mapped[str]
    evidence_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    digest: Mapped[Digest] = relationship(back_populates="links")
