"""What rules would have proposed on past days, and what would have stopped it: the rules' own functions, over
a store in memory that forgets everything.

Every firing that nothing stops is taken as approved and sent on its day, so that sequences, quiet days and
budgets go on as they would have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.actions import guardrails
from opslayer.actions.cause import PATIENCE
from opslayer.actions.holdout import is_drawn
from opslayer.actions.kind import Occasion, Wanted
from opslayer.actions.kinds import KINDS
from opslayer.actions.limits import read_usage
from opslayer.actions.replay.past import PastDay, moment_of, opened
from opslayer.actions.rule import Rule
from opslayer.config import Firm
from opslayer.errors import UsageError
from opslayer.store import Event, Outbox, ProposalDocument, Store, open_store
from opslayer.store import Proposal as Record
from opslayer.warehouse import Layer

EVERYBODY = 100_000  # in place of the daily cap as the rule chooses: whom its cap stops is to be seen
LONG = timedelta(days=3650)
FIRINGS: dict[str, pl.DataType | type[pl.DataType]] = {
    "rule": pl.String,
    "day": pl.Date,
    "source": pl.String,
    "subject": pl.String,
    "name": pl.String,
    "step": pl.String,
    "client": pl.String,
    "amount": pl.Decimal(18, 2),
    "stopped_by": pl.String,
    "why": pl.String,
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Fired:
    """`firings` has the columns of FIRINGS; `unasked` are the days on which a rule could not be asked, by
    rule, with the reason: a table was not there yet."""

    firings: pl.DataFrame
    unasked: dict[str, dict[PastDay, str]]


def fire(firm: Firm, rules: Iterable[Rule], days: Iterable[PastDay], *, heard: Iterable[Event] = ()) -> Fired:
    """One row a firing of each rule, by day, on or off: the columns of FIRINGS; `amount` in base currency.

    What is wanted on several days is one firing, on the first. `stopped_by` names the guardrail that would
    have held it that day, or the holdout; null where it would have left. A rule that nothing but events
    ask is asked about the subjects of those that were `heard` in the week before each day.
    """
    rules, heard, rows = list(rules), list(heard), list[Row]()
    unasked: dict[str, dict[PastDay, str]] = {rule.name: {} for rule in rules}
    seen: set[str] = set()
    with open_store("sqlite://") as scratch:
        for past in days:
            with opened(firm, past) as layer:
                for rule in rules:
                    try:
                        for subject in _asked_about(rule, past, heard):
                            rows += _fire_on(firm, scratch, layer, rule, past, seen, subject)
                    except UsageError as error:
                        unasked[rule.name][past] = error.message
    return Fired(pl.DataFrame(rows, schema=FIRINGS, orient="row"), unasked)


def _asked_about(rule: Rule, past: PastDay, heard: Iterable[Event]) -> list[str | None]:
    """None is whoever the rule chooses."""
    if not rule.is_only_on_events:
        return [None]
    moment = moment_of(past)
    lately = (e for e in heard if e.name in rule.events and moment - PATIENCE < e.happened_at <= moment)
    return list(dict.fromkeys(event.subject for event in lately))


def _fire_on(
    firm: Firm,
    scratch: Store,
    layer: Layer,
    rule: Rule,
    past: PastDay,
    seen: set[str],
    subject: str | None,
) -> list[Row]:
    kind, rows = KINDS[rule.kind], list[Row]()
    wide = rule.model_copy(update={"daily_cap": max(rule.daily_cap, EVERYBODY)})
    occasion = Occasion(firm, layer, wide, moment_of(past), subject)
    facts = kind.gather(occasion)
    with scratch.session() as session:
        for wanted in kind.wanted(session, occasion, facts):
            if session.scalar(select(Record.id).where(Record.idempotency_key == wanted.key)):
                continue
            record = _record(occasion, wanted)
            hold = _hold(session, firm, rule, record, wanted, past)
            if hold is None or hold.guardrail == "holdout":
                record.state = "sent" if hold is None else "withheld"
                session.add(record)
                if hold is None:
                    record.outbox = _sent(record)
                session.flush()
            if wanted.key not in seen:
                seen.add(wanted.key)
                rows.append(
                    {
                        "rule": rule.name,
                        "day": past.day,
                        "source": past.source,
                        "subject": wanted.subject,
                        "name": wanted.name,
                        "step": wanted.step,
                        "client": wanted.client if rule.is_contact else None,
                        "amount": wanted.amount,
                        "stopped_by": hold.guardrail if hold else None,
                        "why": hold.reason if hold else None,
                    }
                )
    return rows


def _hold(
    session: Session, firm: Firm, rule: Rule, record: Record, wanted: Wanted, past: PastDay
) -> guardrails.Hold | None:
    """What would have held it: the holdout, or the first of the guardrails that count."""
    if rule.holdout is not None and is_drawn(rule.name, wanted.subject, rule.holdout):
        return guardrails.Hold("its subject is left alone", guardrail="holdout")
    moment = moment_of(past)
    return guardrails.examine_counts(
        guardrails.Case(
            firm=firm,
            kind=KINDS[rule.kind],
            rule=rule,
            evidence=record.evidence,
            recipient=None,
            expires_at=moment + LONG,
            moment=moment,
            situation=guardrails.Situation(moment, (), {}),
            amount=wanted.amount,
            usage=read_usage(session, firm, record, moment),
        )
    )


def _record(occasion: Occasion, wanted: Wanted) -> Record:
    """As much of a proposal as the rule's history and the limits ask for."""
    rule = occasion.rule
    reader = wanted.detail.get("recipient_id") if isinstance(wanted.detail, dict) else None
    return Record(
        idempotency_key=wanted.key,
        rule=rule.name,
        kind=rule.kind,
        level=wanted.level,
        subject=wanted.subject,
        title=wanted.title,
        amount=wanted.amount,
        currency=occasion.layer.base_currency,
        evidence={
            "client_id": wanted.client,
            "is_contact": wanted.client is not None and rule.is_contact,
            "recipient_id": reader,
        },
        evidence_hash="",
        content={},
        snapshot=occasion.layer.version.name,
        as_of=occasion.as_of,
        state="proposed",
        created_at=occasion.moment,
        expires_at=occasion.moment + LONG,
        documents=[ProposalDocument(document_id=one, level=level) for one, level in wanted.documents.items()],
    )


def _sent(record: Record) -> Outbox:
    return Outbox(
        message_id=record.idempotency_key,
        not_before=record.created_at,
        state="sent",
        attempts=1,
        sent_at=record.created_at,
    )
