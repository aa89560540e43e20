"""What happened after a reminder to each invoice it was about: paid when, how much."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from opslayer.actions.judging import judge_subjects
from opslayer.actions.success import came_to_nothing
from opslayer.store import Outcome as Record
from opslayer.store import Proposal, ProposalDocument, Store, append, emit, lock
from opslayer.warehouse import Layer


@dataclass(frozen=True)
class Outcome:
    """An invoice settled after a reminder for it: `days_after` the reminder's day, amount in base currency.

    Negative days: it was paid before the reminder left, and the payment was only known later.
    """

    proposal_id: int
    invoice_id: str
    outcome: str
    happened_on: date
    days_after: int
    amount_base: Decimal


def record_outcomes(layer: Layer, store: Store, *, moment: datetime) -> list[Outcome]:
    """Keep, once, what the snapshot says became of every invoice that was reminded of; those that are new.

    Nothing became of a reminder that came back or was undone: what is paid then was not paid after it.

    And what became of the subjects of each rule that has a holdout.
    """
    judge_subjects(layer, store, moment=moment)
    with store.reading() as session:
        waiting = session.execute(_unsettled()).all()
        nothing = came_to_nothing(session)
    if not waiting:
        return []
    ids = json.dumps(sorted({invoice for _, invoice, _ in waiting}))
    standing = {row["invoice_id"]: row for row in layer.query("invoice_standing", invoice_ids=ids).to_dicts()}
    found = []
    with store.session() as session:
        lock(session)
        for number, invoice, reminded_on in session.execute(_unsettled()).all():
            row = standing.get(invoice)
            how = _became(row) if row else None
            if row is None or how is None or number in nothing:
                continue
            happened_on = row["settled_on"] or layer.as_of
            outcome = Outcome(
                number, invoice, how, happened_on, (happened_on - reminded_on).days, row["total_base"]
            )
            session.add(
                Record(
                    proposal_id=number,
                    document_id=invoice,
                    outcome=how,
                    happened_on=happened_on,
                    days_after=outcome.days_after,
                    amount_base=outcome.amount_base,
                    recorded_at=moment,
                )
            )
            detail = {"invoice": invoice, "outcome": how, "on": happened_on, "snapshot": layer.version.name}
            append(
                session, moment=moment, actor="opslayer", event="outcome", proposal_id=number, detail=detail
            )
            emit(session, "invoice_settled", subject=invoice, key=f"{invoice}:{how}", moment=moment)
            found.append(outcome)
    return found


def _unsettled() -> Any:
    """Proposal, invoice and business day of every reminder sent whose outcome is not known."""
    return (
        select(Proposal.id, ProposalDocument.document_id, Proposal.as_of)
        .join(ProposalDocument.proposal)
        .outerjoin(
            Record,
            (Record.proposal_id == Proposal.id) & (Record.document_id == ProposalDocument.document_id),
        )
        .where(Proposal.kind == "reminder", Proposal.state == "sent", Record.id.is_(None))
        .order_by(Proposal.id, ProposalDocument.document_id)
    )


def _became(row: dict[str, Any]) -> str | None:
    if row["status"] == "void":
        return "void"
    if row["open_amount"] > 0 and row["status"] != "paid":
        return None
    return "credited" if row["credited"] > row["paid"] else "paid"
