"""What was proposed, and how it stands: the store's rows as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session, defer, selectinload

from opslayer.actions.channels.channel import MAIL, channel_of
from opslayer.actions.kinds import KINDS
from opslayer.actions.mail import Attachment, attachments
from opslayer.actions.rendering import Words
from opslayer.actions.wording import whole_edit, words_of
from opslayer.errors import unknown
from opslayer.store import AuditEvent, Store
from opslayer.store import Proposal as Record
from opslayer.store.models import PROPOSAL_STATES


@dataclass(frozen=True)
class Proposal:
    """One action that is proposed, decided or done; `amount` in the firm's base currency.

    `id` is None in a dry run. `rung` is the name of its `level`, of a reminder in days overdue. `party_id`
    and `party_name` say whom it is about: a client, a project, the firm's own people. `leaves_at` is when the
    hold of what is approved ends: until then whoever may decide it can pull it back, unless it is binding.
    """

    id: int | None
    state: str
    reason: str | None
    rule: str
    kind: str
    level: int
    rung: str
    title: str
    party_id: str
    party_name: str
    amount: Decimal
    currency: str
    as_of: date
    snapshot: str
    evidence: dict[str, Any]
    evidence_hash: str
    created_at: datetime
    expires_at: datetime
    approvals: tuple[str, ...] = ()
    sent_at: datetime | None = None
    leaves_at: datetime | None = None
    is_binding: bool = False

    @property
    def invoices(self) -> int:
        """How many rows of evidence it rests on: of a reminder, its invoices."""
        return len(self.evidence.get(KINDS[self.kind].rows, ()))


@dataclass(frozen=True)
class Shown:
    """A proposal with the message it stands for, who must approve it, and everything that happened to it.

    `words` are those a person may edit, without what comes into them with the approval; `edited` is what was
    edited since the draft, as unified diff. `values` are what a channel for programs is handed.
    """

    proposal: Proposal
    recipient: str | None
    sender: str | None
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    policy: str
    events: tuple[dict[str, Any], ...]
    words: Words
    edited: str
    channel: str = MAIL
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def pdf(self) -> bytes:
        """The first PDF that goes with it; nothing where none does."""
        return next((file.content for file in self.attachments if file.type == "application/pdf"), b"")

    @property
    def rows(self) -> pl.DataFrame:
        return evidence_rows(self.proposal.kind, self.evidence)

    @property
    def evidence(self) -> dict[str, Any]:
        return self.proposal.evidence

    @property
    def snapshot(self) -> str:
        return self.proposal.snapshot


def list_proposals(store: Store, state: str | None = None, *, rule: str | None = None) -> list[Proposal]:
    """Every proposal, or those in one state or of one rule; newest first.

    What was withheld is no proposal: it is listed only where its state is asked for. Raises UsageError for a
    state that is none.
    """
    if state is not None and state not in PROPOSAL_STATES:
        raise unknown("state", state, PROPOSAL_STATES)
    query = (
        select(Record)
        .options(defer(Record.content), selectinload(Record.decisions), selectinload(Record.outbox))
        .order_by(Record.id.desc())
    )
    query = query.where(Record.state != "withheld" if state is None else Record.state == state)
    if rule is not None:
        query = query.where(Record.rule == rule)
    with store.reading() as session:
        return [as_proposal(record) for record in session.scalars(query)]


def show_proposal(store: Store, number: int) -> Shown:
    """One proposal in full. Raises UsageError where there is none of that number."""
    with store.reading() as session:
        record = find(session, number)
        trail = select(AuditEvent).where(AuditEvent.proposal_id == number).order_by(AuditEvent.id)
        content = KINDS[record.kind].message(session, record)
        return Shown(
            proposal=as_proposal(record),
            recipient=content.get("recipient"),
            sender=content.get("sender"),
            subject=content["subject"],
            text=content["text"],
            html=content["html"],
            attachments=attachments(content),
            policy=content["policy"],
            channel=channel_of(content),
            values=content.get("data", {}),
            events=tuple(
                {"at": event.happened_at, "who": event.actor, "what": event.event, **event.detail}
                for event in session.scalars(trail)
            ),
            words=Words(**words_of(record.content)),
            edited=whole_edit(record.content),
        )


def find(session: Session, number: int) -> Record:
    """Raises UsageError where there is no such proposal."""
    record = session.get(Record, number)
    if record is None:
        numbers = session.scalars(select(Record.id).order_by(Record.id.desc()).limit(10))
        raise unknown("proposal", str(number), map(str, numbers))
    return record


def as_proposal(record: Record) -> Proposal:
    return Proposal(
        id=record.id,
        state=record.state,
        reason=record.reason,
        rule=record.rule,
        kind=record.kind,
        level=record.level,
        rung=record.evidence["rung"],
        title=record.title,
        party_id=record.evidence["party_id"],
        party_name=record.evidence["party_name"],
        amount=record.amount,
        currency=record.currency,
        as_of=record.as_of,
        snapshot=record.snapshot,
        evidence=record.evidence,
        evidence_hash=record.evidence_hash,
        created_at=record.created_at,
        expires_at=record.expires_at,
        approvals=tuple(d.person for d in approvals(record)),
        sent_at=record.outbox.sent_at if record.outbox else None,
        is_binding=record.is_binding,
        leaves_at=record.outbox.not_before
        if record.outbox and record.state in ("approved", "held")
        else None,
    )


def evidence_rows(kind: str, evidence: dict[str, Any]) -> pl.DataFrame:
    """What a proposal rests on, one column a title that people read; amounts as decimals, days as dates."""
    rows = evidence.get(KINDS[kind].rows, [])
    return pl.DataFrame(
        {c.name: _column([row.get(c.name) for row in rows], c.type) for c in KINDS[kind].columns}
    )


def _column(values: list[Any], type: str) -> pl.Series:
    if type == "day":
        return pl.Series(values, dtype=pl.String).str.to_date()
    if type == "quantity":
        return pl.Series(values, dtype=pl.String).cast(pl.Float64)
    if type == "amount":
        return pl.Series(values, dtype=pl.String).cast(pl.Decimal(18, 2))
    return pl.Series(values, dtype=pl.Int64 if type == "number" else pl.String)


def approvals(record: Record) -> list[Any]:
    """The decisions for it that were given on the evidence it has now."""
    return [
        decision
        for decision in record.decisions
        if decision.verdict == "approved" and decision.evidence_hash == record.evidence_hash
    ]


COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.Int64,
    "proposed_on": pl.Date,
    "party_name": pl.String,
    "level": pl.String,
    "invoices": pl.Int64,
    "amount": pl.Decimal(18, 2),
    "currency": pl.String,
    "state": pl.String,
    "reason": pl.String,
}


def as_table(proposals: Iterable[Proposal]) -> pl.DataFrame:
    """One row a proposal, for people: `amount` in base currency, `level` by its name."""
    return pl.DataFrame(
        [
            {
                "id": proposal.id,
                "proposed_on": proposal.as_of,
                "party_name": proposal.party_name,
                "level": proposal.rung,
                "invoices": proposal.invoices,
                "amount": proposal.amount,
                "currency": proposal.currency,
                "state": proposal.state,
                "reason": proposal.reason,
            }
            for proposal in proposals
        ],
        schema=COLUMNS,
    )
