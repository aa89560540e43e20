"""Alerts in the store: evaluated once a snapshot, acknowledged and silenced by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from opslayer.alerts.state import Standing, State, transition
from opslayer.errors import unknown
from opslayer.metrics import MetricValue
from opslayer.store import AlertRecord, Store, append

SEVERE = 0.25  # this far beyond its range, relative to the limit, a metric fires at once


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


def evaluate(store: Store, values: Iterable[MetricValue], *, as_of: date, moment: datetime) -> list[Alert]:
    """Bring every alert to where its metric now is; the same snapshot day counts once."""
    with store.session() as session:
        for value in values:
            if value.metric.expected.low is None and value.metric.expected.high is None:
                continue
            record = session.scalar(select(AlertRecord).where(AlertRecord.metric == value.metric.name))
            again = record is not None and record.as_of == as_of
            before = _standing(record) if record else None
            if again and before is not None and value.out_of_range and before.breaches:
                before = Standing(**{**before.__dict__, "breaches": before.breaches - 1})
            after = transition(
                before,
                measured=value.value is not None,
                breached=value.out_of_range,
                failed=False,
                moment=moment,
                severe=_is_severe(value),
            )
            moved = record is None or record.state != after.state
            if record is None:
                record = AlertRecord(metric=value.metric.name)
                session.add(record)
            record.state, record.since, record.breaches = after.state, after.since, after.breaches
            record.as_of, record.value = as_of, value.value
            record.low, record.high = value.metric.expected.low, value.metric.expected.high
            record.acknowledged_by, record.silenced_until = after.acknowledged_by, after.silenced_until
            if moved:
                detail = {"metric": value.metric.name, "value": value.value, "as_of": as_of}
                append(session, moment=moment, actor="opslayer", event=f"alert {after.state}", detail=detail)
    return list_alerts(store)


def list_alerts(store: Store) -> list[Alert]:
    """Every alert, by metric."""
    with store.session() as session:
        return [
            _alert(record) for record in session.scalars(select(AlertRecord).order_by(AlertRecord.metric))
        ]


def acknowledge(store: Store, metric: str, *, person: str, moment: datetime) -> Alert:
    """A person takes note: it fires no more until it is resolved. Raises UsageError for no such alert."""
    with store.session() as session:
        record = _find(store, session.scalar(select(AlertRecord).where(AlertRecord.metric == metric)), metric)
        record.acknowledged_by = person
        if record.state in ("firing", "pending"):
            record.state, record.since = "acknowledged", moment
        append(session, moment=moment, actor=person, event="alert acknowledged", detail={"metric": metric})
        return _alert(record)


def silence(store: Store, metric: str, *, until: datetime, person: str, moment: datetime) -> Alert:
    """Keep an alert quiet until a moment. Raises UsageError for no such alert."""
    with store.session() as session:
        record = _find(store, session.scalar(select(AlertRecord).where(AlertRecord.metric == metric)), metric)
        record.silenced_until = until
        if record.state in ("firing", "pending", "acknowledged"):
            record.state, record.since = "silenced", moment
        append(session, moment=moment, actor=person, event="alert silenced",
               detail={"metric": metric, "until": until})  # fmt: skip
        return _alert(record)


def _find(store: Store, record: AlertRecord | None, metric: str) -> AlertRecord:
    if record is None:
        raise unknown("alert", metric, (alert.metric for alert in list_alerts(store)))
    return record


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
    )
