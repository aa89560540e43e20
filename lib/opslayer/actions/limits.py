"""What the firm allows all of its rules together, and when a client may be written to.

Asked only as something is about to leave: an approval is not held by the hour at which it is given. What
other processes are sending at this moment counts as sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import holidays
from pytz import country_timezones
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opslayer.config import Firm, LimitsSection
from opslayer.store import Outbox, Stop
from opslayer.store import Proposal as Record

ALL = "*"
STEP = timedelta(minutes=15)
LONGEST = timedelta(days=21)  # that a pause is looked through


@dataclass(frozen=True)
class Usage:
    """What has left or is leaving today, in the firm's time zone, and who stopped what.

    `approaches` are the moments at which the client was written to lately, first to last; one that is being
    sent counts as now. `amount` in base currency.
    """

    of_rule: int = 0
    of_all: int = 0
    amount: Decimal = Decimal(0)
    approaches: tuple[datetime, ...] = ()
    stop: Stop | None = None


def read_usage(session: Session, firm: Firm, record: Record, moment: datetime) -> Usage:
    """How much of the limits is used as `record` is about to leave."""
    midnight = datetime.combine(moment.astimezone(firm.zone).date(), time(), tzinfo=firm.zone).astimezone(UTC)
    today = (
        select(Record.rule, func.count(), func.sum(Record.amount))
        .join(Record.outbox)
        .where((Outbox.sent_at >= midnight) | (Outbox.state == "sending"))
        .group_by(Record.rule)
    )
    rows = session.execute(today).all()
    return Usage(
        of_rule=sum(count for rule, count, _ in rows if rule == record.rule),
        of_all=sum(count for _, count, _ in rows),
        amount=sum((Decimal(amount) for _, _, amount in rows), Decimal(0)),
        approaches=_approaches(session, firm, record, moment),
        stop=session.scalars(
            select(Stop).where(Stop.rule.in_((ALL, record.rule))).order_by(Stop.rule)
        ).first(),
    )


def _approaches(session: Session, firm: Firm, record: Record, moment: datetime) -> tuple[datetime, ...]:
    client = record.evidence.get("client_id")
    if client is None or not record.evidence.get("is_contact"):
        return ()
    since = moment - timedelta(days=firm.limits.client_days)
    found = (
        select(Outbox.sent_at)
        .join(Outbox.proposal)
        .where(
            (Outbox.sent_at > since) | (Outbox.state == "sending"),
            Record.client_id == client,
            Record.evidence["is_contact"].as_boolean(),
        )
    )
    return tuple(sorted(sent or moment for sent in session.scalars(found)))


def last_written_to(session: Session, client: str | None) -> str | None:
    """The address of the last message sent to a client."""
    if client is None:
        return None
    sent = (
        select(Record.content)
        .join(Record.outbox)
        .where(Outbox.state == "sent", Record.client_id == client)
        .order_by(Outbox.sent_at.desc(), Outbox.id.desc())
        .limit(1)
    )
    content = session.scalars(sent).first()
    return content.get("recipient") if content else None


def opens_at(limits: LimitsSection, country: str | None, home: ZoneInfo, moment: datetime) -> datetime | None:
    """When a client in `country` (ISO 3166-1) may be written to, at `moment` or after; UTC.

    Where a country has several time zones it must be a good hour in all of them; where it is not known, the
    firm's own zone holds. None where that is not within three weeks.
    """
    zones = [ZoneInfo(name) for name in country_timezones.get(country or "", ())] or [home]
    calendar = _calendar(country) if limits.working_days else None
    at = moment
    while at <= moment + LONGEST:
        local = [at.astimezone(zone) for zone in zones]
        if all(_is_open(limits, calendar, there) for there in local):
            return at
        at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0) + STEP
    return None


def _is_open(limits: LimitsSection, calendar: holidays.HolidayBase | None, there: datetime) -> bool:
    if calendar is not None and not calendar.is_working_day(there.date()):
        return False
    if limits.send_from is None or limits.send_until is None:
        return True
    return limits.send_from <= there.time() < limits.send_until


def _calendar(country: str | None) -> holidays.HolidayBase:
    """Holidays and weekends; Saturdays and Sundays alone for a country that the library does not have."""
    if country not in holidays.list_supported_countries():
        return holidays.HolidayBase()
    return holidays.country_holidays(country)
