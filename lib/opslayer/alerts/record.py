"""Alerts in the store: evaluated once a snapshot, acknowledged and silenced by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.alerts.state import Standing, State, transition
from opslayer.config import Firm
from opslayer.errors import GuardrailHeld, unknown
from opslayer.metrics import MetricValue
from opslayer.store import AlertRecord, Store, append, emit

SEVERE = 0.25  # this far beyond its range, relative to the limit, a metric fires at once
MARGIN = 0.05  # this far inside its range, relative to the limit, one that fired is resolved


@dataclass(frozen=True)
class Alert:
    """One metric's alert: its state, since when, and the value against its range."""

    metric: str
    state: State
    since: datetime
    as_of: date
    value: float | None
    low: float | None
    high: float | None
    acknowledged_by: str | None
    silenced_until: datetime | None
    message: str | None


def evaluate(store: Store, values: Iterable[MetricValue], *, as_of: date, moment: datetime) -> list[Alert]:
    """Bring every alert to where its metric now is; the same snapshot day counts once."""
    with store.session() as session:
        for value in values:
            name, ends = value.metric.name, value.metric.expected
            if ends.low is None and ends.high is None:
                continue
            record = session.scalar(select(AlertRecord).where(AlertRecord.metric == name))
            before = _standing(record) if record else None
            after = _after(before, value, moment=moment, again=record is not None and record.as_of == as_of)
            if record is None:
                record = AlertRecord(metric=name)
                session.add(record)
            record.state, record.since, record.breaches = after.state, after.since, after.breaches
            record.as_of, record.value, record.message = as_of, value.value, value.failure
            record.low, record.high = ends.low, ends.high
            record.acknowledged_by, record.silenced_until = after.acknowledged_by, after.silenced_until
            if before is None or before.state != after.state:
                detail = {"metric": name, "value": value.value, "as_of": as_of}
                append(session, moment=moment, actor="opslayer", event=f"alert {after.state}", detail=detail)
            if after.state == "firing" and (before is None or before.state != "firing"):
                emit(session, "alert_fired", subject=name, key=f"{name}:{moment.isoformat()}", moment=moment)
    return list_alerts(store)


def _after(before: Standing | None, value: MetricValue, *, moment: datetime, again: bool) -> Standing:
    breached, near = value.out_of_range, _is_near(value)
    counted = before
    if before is not None and again and (breached or near):
        counted = replace(before, breaches=max(before.breaches - 1, 0))
    after = transition(
        counted,
        measured=value.value is not None,
        breached=breached,
        failed=value.failure is not None,
        moment=moment,
        severe=_is_severe(value),
        near=near,
    )
    resolved_today = before is not None and again and before.state == "resolved" and after.state == "ok"
    return before if resolved_today and before is not None else after


def list_alerts(store: Store) -> list[Alert]:
    """Every alert, by metric."""
    with store.session() as session:
        return [
            _alert(record) for record in session.scalars(select(AlertRecord).order_by(AlertRecord.metric))
        ]


def acknowledge(firm: Firm, store: Store, metric: str, *, person: str, moment: datetime) -> Alert:
    """A person takes note: it fires no more until it is resolved.

    Raises UsageError for no such alert, GuardrailHeld for a person who is not of the firm.
    """
    _hold_to_people(firm, person)
    with store.session() as session:
        record = _find(session, metric)
        record.acknowledged_by = person
        if record.state in ("firing", "pending"):
            record.state, record.since = "acknowledged", moment
        append(session, moment=moment, actor=person, event="alert acknowledged", detail={"metric": metric})
        return _alert(record)


def silence(
    firm: Firm, store: Store, metric: str, *, until: datetime, person: str, moment: datetime
) -> Alert:
    """Keep an alert quiet until a moment.

    Raises UsageError for no such alert, GuardrailHeld for a person who is not of the firm.
    """
    _hold_to_people(firm, person)
    with store.session() as session:
        record = _find(session, metric)
        record.silenced_until = until
        if record.state in ("firing", "pending", "acknowledged"):
            record.state, record.since = "silenced", moment
        detail = {"metric": metric, "until": until}
        append(session, moment=moment, actor=person, event="alert silenced", detail=detail)
        return _alert(record)


def _hold_to_people(firm: Firm, person: str) -> None:
    if firm.person(person) is None:
        raise GuardrailHeld(
            f"{person or 'nobody'} is not among the people of {firm.name}", mend="add them to firm.toml"
        )


def _find(session: Session, metric: str) -> AlertRecord:
    record = session.scalar(select(AlertRecord).where(AlertRecord.metric == metric))
    if record is None:
        raise unknown("alert", metric, session.scalars(select(AlertRecord.metric)))
    return record


def _is_near(value: MetricValue) -> bool:
    if value.value is None or value.out_of_range:
        return False
    ends = (value.metric.expected.low, value.metric.expected.high)
    return any(end is not None and abs(value.value - end) < MARGIN * abs(end) for end in ends)


def _is_severe(value: MetricValue) -> bool:
    if value.value is None or not value.out_of_range:
        return False
    low, high = value.metric.expected.low, value.metric.expected.high
    limit = high if high is not None and value.value > high else low
    assert limit is not None
    return abs(value.value - limit) >= SEVERE * abs(limit)


def _standing(record: AlertRecord) -> Standing:
    state: State = record.state  # type: ignore[assignment]  # the store holds what `evaluate` wrote
    return Standing(state, record.since, record.breaches, record.acknowledged_by, record.silenced_until)


def _alert(record: AlertRecord) -> Alert:
    return Alert(
        record.metric,
        _standing(record).state,
        record.since,
        record.as_of,
        record.value,
        record.low,
        record.high,
        record.acknowledged_by,
        record.silenced_until,
        record.message,
    )
