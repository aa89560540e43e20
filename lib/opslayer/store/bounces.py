"""Mail that came back, as a table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opslayer.store.models import Base


class Bounce(Base):
    """One address to which a message could not be delivered; `status` as RFC 3463 has it, like 5.1.1."""

    __tablename__ = "bounce"
    __table_args__ = (UniqueConstraint("proposal_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    address: Mapped[str] = mapped_column(String(320), index=True)
    status: Mapped[str] = mapped_column(String(20))
    diagnostic: Mapped[str] = mapped_column(Text)
    bounced_at: Mapped[datetime]
