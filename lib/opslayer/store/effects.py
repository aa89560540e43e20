"""What tells whether a rule has an effect: who was left alone, and what became of everybody."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opslayer.store.models import Base

ARMS = ("treatment", "control")


class Assignment(Base):
    """The arm of one subject of a rule, as it was when the rule first called for it; it never changes.

    `share` is that of the control arm then. `follow` is what is looked at on the first snapshot from
    `judged_from` on; the rest is what became of it: `amount` at stake and `settled_amount` in base currency.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("rule", "subject"),
        CheckConstraint(f"arm in {ARMS}", name="arm"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(100))
    rule_version: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str]
    arm: Mapped[str] = mapped_column(String(20))
    share: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    assigned_on: Mapped[date]
    assigned_at: Mapped[datetime]
    snapshot: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    follow: Mapped[dict[str, Any]]
    judged_from: Mapped[date] = mapped_column(index=True)
    judged_on: Mapped[date | None]
    is_settled: Mapped[bool | None]
    settled_days: Mapped[int | None]
    settled_amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))


class Replay(Base):
    """What a rule would have done over a time that is past: its sums, and the version of the rule it was.

    `kept` and `rebuilt` count the days looked at; amounts in base currency, `most_*` those of the busiest
    month; `months` has firings and amount of each month.
    """

    __tablename__ = "replay"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(100), index=True)
    rule_version: Mapped[str] = mapped_column(String(64))
    replayed_at: Mapped[datetime]
    first_day: Mapped[date]
    last_day: Mapped[date]
    kept: Mapped[int]
    rebuilt: Mapped[int]
    firings: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    most_firings: Mapped[int]
    most_amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    months: Mapped[dict[str, Any]]


GRANT_STATES = ("proposed", "confirmed", "ended")


class AutonomyGrant(Base):
    """That a rule may approve by itself: proposed when earned, confirmed by a person, ended at once.

    `approved` of `decided` and `lower_bound` are what it was proposed on; it is of one version of the rule.
    """

    __tablename__ = "autonomy_grant"
    __table_args__ = (CheckConstraint(f"state in {GRANT_STATES}", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(100), index=True)
    rule_version: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    approved: Mapped[int]
    decided: Mapped[int]
    lower_bound: Mapped[float]
    proposed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(Text)
