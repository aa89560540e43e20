"""What models were asked and answered, what people made of it, what came of it, and what it cost."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opslayer.store.models import Base

ROLES = ("served", "shadow")


class Prediction(Base):
    """One answer about one subject. `key` is of all it rests on: asked again alike, it is kept once.

    A shadow's answer was seen by nobody. `inputs` is null once the person it is about was forgotten.
    """

    __tablename__ = "prediction"
    __table_args__ = (CheckConstraint(f"role in {ROLES}", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    capability: Mapped[str] = mapped_column(String(100), index=True)
    subject: Mapped[str] = mapped_column(index=True)
    as_of: Mapped[date]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(String(20))
    model: Mapped[str] = mapped_column(String(200))
    model_version: Mapped[str] = mapped_column(String(64))
    inputs: Mapped[dict[str, Any] | None]
    number: Mapped[float | None]
    words: Mapped[str | None] = mapped_column(Text)
    confidence: Mapped[float | None]
    reasons: Mapped[str] = mapped_column(Text)
    is_fallback: Mapped[bool]
    why_fallback: Mapped[str | None] = mapped_column(Text)
    latency_ms: Mapped[float]


class Correction(Base):
    """What a person says instead of an answer; it stands beside the answer, and the model learns from it."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    prediction_id: Mapped[int] = mapped_column(ForeignKey("prediction.id"), index=True)
    corrected_at: Mapped[datetime]
    corrected_by: Mapped[str] = mapped_column(String(320))
    number: Mapped[float | None]
    words: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class Observation(Base):
    """What came of what was predicted, and since when it is known."""

    __tablename__ = "observation"
    __table_args__ = (UniqueConstraint("prediction_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    prediction_id: Mapped[int] = mapped_column(ForeignKey("prediction.id"))
    known_on: Mapped[date]
    number: Mapped[float | None]
    words: Mapped[str | None] = mapped_column(Text)


class Circuit(Base):
    """How a model or endpoint answers of late: left alone until `open_until` where it failed too often."""

    __tablename__ = "circuit"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None]
    latency_ms: Mapped[float | None]
    why: Mapped[str | None] = mapped_column(Text)


class Spending(Base):
    """What a question to an endpoint may cost, reserved before it is asked; then what it did cost."""

    __tablename__ = "spending"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(index=True)
    endpoint: Mapped[str] = mapped_column(String(100))
    capability: Mapped[str] = mapped_column(String(100))
    spent_at: Mapped[datetime]
    cost: Mapped[Decimal] = mapped_column(Numeric(18, 6))
    is_settled: Mapped[bool] = mapped_column(default=False)


class Retraining(Base):
    """A person asks for a model to be taught anew; whoever works on it says what came of it.

    `key` counts those that ended before it, so that two clicks are one request.
    """

    __tablename__ = "retraining"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    capability: Mapped[str] = mapped_column(String(100), index=True)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    did: Mapped[str | None] = mapped_column(String(40))
    version: Mapped[str | None] = mapped_column(String(64))
    reasons: Mapped[str | None] = mapped_column(Text)
