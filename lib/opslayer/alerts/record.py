"""Alerts as people see them, in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opslayer.alerts.state import Course, State
from opslayer.errors import unknown
from opslayer.store import AlertRecord, Store

AT_REST = ("normal", "resolved")


@dataclass(frozen=True)
class Alert:
    """Where one entity stands against one definition; `entity` and `name` are "" for the firm as a whole.

    `course` is what lies beneath a silence, an error, or no data. Value and limits are in the definition's
    unit.
    """

    number: int
    definition: str
    entity: str
    name: str
    state: State
    course: Course
    since: datetime
    opened_at: datetime | None
    episode: int
    measured_on: date | None
    as_of: date
    value: float | None
    low: float | None
    high: float | None
    message: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    comment: str | None
    silenced_until: datetime | None
    silenced_by: str | None
    silenced_why: str | None

    @property
    def key(self) -> str:
        """As the command line names it: `over_90:ledger:C042`."""
        return f"{self.definition}:{self.entity}" if self.entity else self.definition


def list_alerts(store: Store) -> list[Alert]:
    """Every alert, by definition and entity."""
    with store.reading() as session:
        every = select(AlertRecord).order_by(AlertRecord.definition, AlertRecord.entity)
        return [as_alert(record) for record in session.scalars(every)]


def find_alert(session: Session, key: str) -> AlertRecord:
    """An alert by its key or its number. Raises UsageError for none."""
    definition, _, entity = key.partition(":")
    known = select(AlertRecord).where(AlertRecord.definition == definition, AlertRecord.entity == entity)
    record = session.get(AlertRecord, int(key)) if key.isdecimal() else session.scalar(known)
    if record is None:
        rows = session.execute(select(AlertRecord.definition, AlertRecord.entity))
        raise unknown("alert", key, (f"{name}:{of}" if of else name for name, of in rows))
    return record


def as_alert(record: AlertRecord) -> Alert:
    shown = {name: getattr(record, name) for name in Alert.__dataclass_fields__ if name != "number"}
    return Alert(number=record.id, **shown)
