"""What people decide and what was done about it, as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

PROPOSAL_STATES = (
    "proposed",
    "approved",
    "held",
    "sending",
    "sent",
    "recorded",
    "uncertain",
    "rejected",
    "expired",
    "cancelled",
    "failed",
    "withheld",
)


OPEN_STATES = ("proposed", "approved", "held", "sending", "uncertain")
"""In which a proposal still rests on its evidence: somebody has to decide, or something has to leave."""


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, and this puts it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a moment needs its zone: {value}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, datetime: Moment, date: Date, str: String(200)}  # noqa: RUF012


class Proposal(Base):
    """Something a rule says should be done, with the evidence for it; one for an idempotency key."""

    __tablename__ = "proposal"
    __table_args__ = (CheckConstraint(f"state in {PROPOSAL_STATES}", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    rule: Mapped[str]
    kind: Mapped[str] = mapped_column(String(40), default="reminder")
    level: Mapped[int]
    subject: Mapped[str] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(String(400))
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    currency: Mapped[str] = mapped_column(String(3))
    evidence: Mapped[dict[str, Any]]
    evidence_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    snapshot: Mapped[str]
    as_of: Mapped[date]
    state: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    is_binding: Mapped[bool] = mapped_column(default=False)
    client_id: Mapped[str | None] = mapped_column(
        Computed("evidence ->> 'client_id'", persisted=True), index=True
    )
    decisions: Mapped[list[Decision]] = relationship(back_populates="proposal", order_by="Decision.id")
    outbox: Mapped[Outbox | None] = relationship(back_populates="proposal")
    documents: Mapped[list[ProposalDocument]] = relationship(
        back_populates="proposal", cascade="all, delete-orphan"
    )


class ProposalDocument(Base):
    """A document that a proposal covers, and the level it stands at."""

    __tablename__ = "proposal_document"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    level: Mapped[int]
    proposal: Mapped[Proposal] = relationship(back_populates="documents")


class Decision(Base):
    """One person's yes or no to a proposal, bound to the evidence it was given on."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("proposal_id", "person", "evidence_hash", "verdict"),
        CheckConstraint("verdict in ('approved', 'rejected')", name="verdict"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    verdict: Mapped[str] = mapped_column(String(20))
    person: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    evidence_hash: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime]
    proposal: Mapped[Proposal] = relationship(back_populates="decisions")


class Outbox(Base):
    """An approved effect that is to happen once; written in the same transaction as its approval.

    `claimed_by` and `claimed_until` are a worker's lease: on what is waiting, to look at it alone; on what is
    being sent, to have it settled by nobody else.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    not_before: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    failure: Mapped[str | None] = mapped_column(Text)
    proposal: Mapped[Proposal] = relationship(back_populates="outbox")


class InvoiceSeries(Base):
    """The last number that a series of invoices has given out; its row is locked while the next is drawn."""

    __tablename__ = "invoice_series"

    series: Mapped[str] = mapped_column(String(100), primary_key=True)
    last_number: Mapped[int]


class IssuedInvoice(Base):
    """An invoice or credit note that was numbered, with the documents as they were issued; never changed."""

    __tablename__ = "issued_invoice"
    __table_args__ = (
        UniqueConstraint("series", "position"),
        CheckConstraint("type in ('invoice', 'credit_note')", name="type"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(100), unique=True)
    series: Mapped[str] = mapped_column(ForeignKey("invoice_series.series"))
    position: Mapped[int]
    type: Mapped[str] = mapped_column(String(20))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    party_id: Mapped[str] = mapped_column(index=True)
    project_id: Mapped[str] = mapped_column(index=True)
    issued_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    tax: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    corrects: Mapped[str | None] = mapped_column(String(100))
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    xml: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    proposal: Mapped[Proposal] = relationship()
    items: Mapped[list[InvoicedItem]] = relationship(back_populates="invoice")


class InvoicedItem(Base):
    """What an invoice bills, or a credit note takes back (a negative amount): a milestone, a project's month.

    `turn` counts an item's invoices up from 1, its credit notes down from -1: nothing is billed twice.
    """

    __tablename__ = "invoiced_item"
    __table_args__ = (UniqueConstraint("item_id", "turn"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(index=True)
    turn: Mapped[int]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("issued_invoice.id"))
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    invoice: Mapped[IssuedInvoice] = relationship(back_populates="items")


class Stop(Base):
    """Sending, stopped by a person while the row is there: of one rule, or of all where `rule` is "*"."""

    __tablename__ = "stop"

    rule: Mapped[str] = mapped_column(String(100), primary_key=True)
    stopped_at: Mapped[datetime]
    person: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)


class AuditEvent(Base):
    """Something that happened; never changed, each bound to the one before by its hash."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    happened_at: Mapped[datetime]
    actor: Mapped[str]
    event: Mapped[str]
    proposal_id: Mapped[int | None] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class Run(Base):
    """One execution of a notebook: what it was for, how it ended, and where what it left lies."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(unique=True)
    job: Mapped[str | None] = mapped_column(index=True)
    notebook: Mapped[str]
    as_of: Mapped[date]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(20))
    cell: Mapped[int | None]
    cause: Mapped[str | None] = mapped_column(Text)
    output: Mapped[str | None] = mapped_column(String(1000))
    page: Mapped[str | None] = mapped_column(String(1000))


class Outcome(Base):
    """What happened after an action to one of the documents it was about."""

    __tablename__ = "outcome"
    __table_args__ = (UniqueConstraint("proposal_id", "document_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    document_id: Mapped[str]
    outcome: Mapped[str] = mapped_column(String(20))
    happened_on: Mapped[date]
    days_after: Mapped[int]
    amount_base: Mapped[Decimal] = mapped_column(Numeric(18, 2))
    recorded_at: Mapped[datetime]
