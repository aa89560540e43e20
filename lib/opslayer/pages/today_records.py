"""What the page Today shows of the store and of the machine, as frames."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from sqlalchemy import func, select

from opslayer import actions, alerts, metrics, warehouse
from opslayer.config import Firm
from opslayer.store import AlertChange, AlertRecord, AuditEvent, Store

MOMENT = pl.Datetime(time_zone="UTC")
WAITING = pl.Schema({"id": pl.Int64(), "amount": pl.Float64(), "title": pl.String(), "until": MOMENT})
CHANGES = pl.Schema({"happened_at": MOMENT, "what": pl.String()})
SAID = {  # event of the trail -> one of it, and several
    "proposed": ("{} proposal made", "{} proposals made"),
    "approved": ("{} proposal approved", "{} proposals approved"),
    "rejected": ("{} proposal rejected", "{} proposals rejected"),
    "expired": ("{} proposal expired undecided", "{} proposals expired undecided"),
    "sent": ("{} action left", "{} actions left"),
    "failed": ("{} action failed", "{} actions failed"),
    "uncertain": ("{} action of which nobody knows whether it left",) * 2,
    "bounced": ("{} mail came back", "{} mails came back"),
    "complained": ("{} complaint", "{} complaints"),
    "stopped": ("Sending was stopped",) * 2,
    "resumed": ("Sending was resumed",) * 2,
    "access denied": ("Access was denied once", "Access was denied {} times"),
}
MOVES = {  # state of an alert -> what it says
    "firing": "{}: out of range",
    "resolved": "{}: back in range",
    "no data": "{}: no value any more",
    "error": "{}: cannot be measured",
    "acknowledged": "{}: somebody has taken it on",
}


def waiting(firm: Firm, store: Store, *, person: str, at: str) -> pl.DataFrame:
    """One row a proposal that waits for `person` (an address; all that wait, without one) at a moment."""
    moment = datetime.fromisoformat(at) if at else datetime.min.replace(tzinfo=UTC)
    found = actions.waiting_for(firm, store, firm.person(person), moment=moment)
    return pl.DataFrame(
        [(one.id, float(one.amount), one.title, one.expires_at) for one in found],
        schema=WAITING,
        orient="row",
    )


def changes(firm: Firm, store: Store, *, since: str) -> pl.DataFrame:
    """One row a kind of thing that happened since a moment, newest first: numbers, the trail, alerts."""
    moment = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
    rows = [*_published(firm, moment), *_counted(store, moment), *_alerts(firm, store, moment)]
    return pl.DataFrame(rows, schema=CHANGES, orient="row").sort("happened_at", "what", descending=True)


def _published(firm: Firm, since: datetime) -> list[tuple[datetime, str]]:
    fresh = [version for version in warehouse.versions(firm) if version.published_at > since]
    return [(fresh[-1].published_at, f"New numbers, as of {fresh[-1].as_of:%-d %b %Y}")] if fresh else []


def _counted(store: Store, since: datetime) -> list[tuple[datetime, str]]:
    happened = (
        select(AuditEvent.event, func.count(), func.max(AuditEvent.happened_at))
        .where(AuditEvent.happened_at > since, AuditEvent.event.in_(SAID))
        .group_by(AuditEvent.event)
    )
    with store.reading() as session:
        found = session.execute(happened).all()
    return [(last, SAID[event][many > 1].format(many)) for event, many, last in found]


def _alerts(firm: Firm, store: Store, since: datetime) -> list[tuple[datetime, str]]:
    """The last that is known of each alert that moved."""
    known = alerts.load_definitions(firm, metrics.load_metrics(firm))
    titles = {name: one.title for name, one in known.items()}
    moved = (
        select(AlertChange.moment, AlertChange.after, AlertRecord.definition, AlertRecord.name)
        .join(AlertRecord, AlertRecord.id == AlertChange.alert_id)
        .where(AlertChange.moment > since, AlertChange.after.in_(MOVES))
        .order_by(AlertChange.id)
    )
    with store.reading() as session:
        last = {(row.definition, row.name): row for row in session.execute(moved)}
    named = {key: ", ".join(part for part in (titles.get(key[0], key[0]), key[1]) if part) for key in last}
    return [(row.moment, MOVES[row.after].format(named[key])) for key, row in last.items()]
