"""Alerts as tables: where each stands, how it came there, and who was told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opslayer.store.models import Base

ALERT_STATES = (
    "normal",
    "pending",
    "firing",
    "acknowledged",
    "recovering",
    "resolved",
    "silenced",
    "no data",
    "error",
)
TELLING_STATES = ("waiting", "mailed", "refused", "void")


class AlertRecord(Base):
    """Where one entity stands against one definition; `entity` is "" for the firm as a whole.

    `state` is shown, `course` lies beneath it (`opslayer.alerts.state`); `value`, `low`, `high` are of the
    last measurement, in the unit of the definition.
    """

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("definition", "entity"),
        CheckConstraint(f"state in {ALERT_STATES}", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[str] = mapped_column(String(100))
    entity: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(String(400), default="")
    state: Mapped[str] = mapped_column(String(20), index=True)
    course: Mapped[str] = mapped_column(String(20))
    cover: Mapped[str | None] = mapped_column(String(20))
    since: Mapped[datetime]
    moved_on: Mapped[date]
    episode: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    measured_on: Mapped[date | None]
    as_of: Mapped[date]
    value: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    message: Mapped[str | None] = mapped_column(Text)
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    comment: Mapped[str | None] = mapped_column(Text)
    silenced_until: Mapped[datetime | None]
    silenced_by: Mapped[str | None]
    silenced_why: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[list[AlertChange]] = relationship(back_populates="alert", order_by="AlertChange.id")


class AlertChange(Base):
    """One move of an alert: from which state to which, at which value, by whom and why.

    `fired` says that its course came to fire with it, `snapshot` which one was measured; both are of the
    layer, `person` and `why` of somebody who acknowledged or silenced it.
    """

    __tablename__ = "alert_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"), index=True)
    moment: Mapped[datetime] = mapped_column(index=True)
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    episode: Mapped[int]
    fired: Mapped[bool]
    as_of: Mapped[date]
    value: Mapped[float | None]
    person: Mapped[str | None]
    why: Mapped[str | None] = mapped_column(Text)
    alert: Mapped[AlertRecord] = relationship(back_populates="changes")


class AlertEvaluation(Base):
    """That the alerts were measured on a snapshot; written in the transaction that moved them."""

    __tablename__ = "alert_evaluation"

    snapshot: Mapped[str] = mapped_column(String(40), primary_key=True)
    evaluated_at: Mapped[datetime]


class AlertNotice(Base):
    """One mail to one person about some alerts of one state; kept before it is sent, with its words."""

    __tablename__ = "alert_notice"
    __table_args__ = (CheckConstraint(f"state in {TELLING_STATES}", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str]
    told: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(index=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), index=True)
    claimed_until: Mapped[datetime | None]
    reply: Mapped[str | None] = mapped_column(Text)
    tellings: Mapped[list[AlertTelling]] = relationship(back_populates="notice")


class AlertTelling(Base):
    """That a notice tells a person of an alert: once for what is told, its beginning, and each repeat."""

    __tablename__ = "alert_telling"
    __table_args__ = (UniqueConstraint("alert_id", "person", "told", "begun", "turn"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("alert_notice.id"), index=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"))
    person: Mapped[str]
    told: Mapped[str] = mapped_column(String(20))
    begun: Mapped[str] = mapped_column(String(40))
    turn: Mapped[int]
    notice: Mapped[AlertNotice] = relationship(back_populates="tellings")
