"""Alerts brought to where a snapshot says they are: measured, moved, kept, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.alerts.definition import Absolute, Season, load_definitions
from opslayer.alerts.finding import Finding, find, signal
from opslayer.alerts.record import Alert, list_alerts
from opslayer.alerts.state import Signal, Standing, Terms, begin, observe, pass_time
from opslayer.config import Firm
from opslayer.metrics import load_metrics
from opslayer.store import AlertChange, AlertEvaluation, AlertRecord, Store, append, emit, lock
from opslayer.warehouse import Layer, current, open_layer

STANDING = tuple(field.name for field in fields(Standing))


def evaluate(firm: Firm, layer: Layer, store: Store, *, moment: datetime) -> list[Alert]:
    """Measure every definition on a snapshot and move the alerts; the same snapshot again changes nothing.

    All of it is one transaction: what dies within leaves nothing, and the next evaluation does it.
    Raises ConfigurationError for a definition that is wrong.
    """
    metrics = load_metrics(firm)
    definitions = load_definitions(firm, metrics)
    found = find(layer, definitions.values(), metrics)
    with store.session() as session:
        lock(session)
        move(session, found, as_of=layer.as_of, moment=moment, whole=True)
        if session.get(AlertEvaluation, layer.version.name) is None:
            session.add(AlertEvaluation(snapshot=layer.version.name, evaluated_at=moment))
    return list_alerts(store)


def evaluate_new(firm: Firm, store: Store, *, moment: datetime) -> bool:
    """Measure on the snapshot that is current, where that was not done yet; whether it was done now."""
    live = current(firm)
    if live is None or is_evaluated(store, live.name):
        return False
    with open_layer(firm, live.name) as layer:
        evaluate(firm, layer, store, moment=moment)
    return True


def is_evaluated(store: Store, snapshot: str) -> bool:
    """Whether the alerts were measured on that snapshot."""
    with store.reading() as session:
        return session.get(AlertEvaluation, snapshot) is not None


def move(
    session: Session, found: Sequence[Finding], *, as_of: date, moment: datetime, whole: bool = False
) -> None:
    """Bring the alerts of these findings to where they now stand, within the caller's transaction.

    Where the findings are the `whole` of what was measured, an alert that none is of has gone.
    An entity in its range that never was out of it is not kept.
    """
    records = {(one.definition, one.entity): one for one in session.scalars(select(AlertRecord))}
    for one in found:
        key, seen = (one.definition.name, one.entity), signal(one)
        cut = isinstance(one.definition, Absolute | Season) and bool(one.definition.by)
        if seen == "missing" and not one.entity and cut:
            for known in [known for known in records if known[0] == one.definition.name]:
                _moved(session, records.pop(known), seen, one.definition.terms, as_of=as_of, moment=moment)
            continue
        record = records.pop(key, None)
        if record is None:
            if one.entity and seen in ("in range", "near", "missing"):
                continue
            record = _begun(session, one, as_of=as_of, moment=moment)
        record.name = one.name
        _moved(session, record, seen, one.definition.terms, as_of=as_of, moment=moment, of=one)
    failed = {one.definition.name for one in found if one.failure is not None}
    for (definition, _), record in records.items() if whole else ():
        if definition not in failed:  # what could not be measured has not gone
            _moved(session, record, "gone", Terms(), as_of=as_of, moment=moment)


def end_silences(store: Store, *, moment: datetime) -> int:
    """Show again what lies beneath silences whose time is over; how many."""
    with store.session() as session:
        lock(session)
        over = select(AlertRecord).where(AlertRecord.silenced_until <= moment)
        records = list(session.scalars(over.order_by(AlertRecord.id)))
        for record in records:
            keep(session, record, pass_time(standing(record), moment=moment), moment=moment)
        return len(records)


def _begun(session: Session, found: Finding, *, as_of: date, moment: datetime) -> AlertRecord:
    record = AlertRecord(definition=found.definition.name, entity=found.entity, as_of=as_of)
    _write(record, begin(day=as_of, moment=moment))
    session.add(record)
    session.flush()
    return record


def _moved(
    session: Session,
    record: AlertRecord,
    seen: Signal,
    terms: Terms,
    *,
    as_of: date,
    moment: datetime,
    of: Finding | None = None,
) -> None:
    after = observe(standing(record), seen, day=as_of, moment=moment, terms=terms)
    if of is not None:
        record.value, record.low, record.high = of.value, of.low, of.high
        record.message = of.failure or of.detail
    record.as_of = as_of
    keep(session, record, after, moment=moment)


def keep(
    session: Session,
    record: AlertRecord,
    after: Standing,
    *,
    moment: datetime,
    person: str | None = None,
    why: str | None = None,
) -> None:
    """Write where an alert now stands; that it moved, into history and trail; that it fires, as an event."""
    before = standing(record)
    fired = after.course == "firing" and before.course != "firing"
    _write(record, after)
    if after.state == before.state and not fired and person is None:
        return
    change = AlertChange(
        alert_id=record.id, moment=moment, before=before.state, after=after.state, episode=after.episode,
        fired=fired, as_of=record.as_of, value=record.value, person=person, why=why,
    )  # fmt: skip
    session.add(change)
    detail: dict[str, Any] = {
        "alert": record.definition, "before": before.state, "after": after.state, "value": record.value,
        "as_of": record.as_of,
    }  # fmt: skip
    detail |= {"entity": record.entity} if record.entity else {}
    detail |= {"why": why} if why else {}
    append(session, moment=moment, actor=person or "opslayer", event=f"alert {after.state}", detail=detail)
    if fired and after.opened_at == moment:
        subject = record.entity or record.definition
        key = f"{record.definition}:{record.entity}:{after.episode}"
        emit(session, "alert_fired", subject=subject, key=key, moment=moment)


def standing(record: AlertRecord) -> Standing:
    """A record as what decides reads it."""
    return Standing(**{name: getattr(record, name) for name in STANDING})


def _write(record: AlertRecord, after: Standing) -> None:
    for name in STANDING:
        setattr(record, name, getattr(after, name))
