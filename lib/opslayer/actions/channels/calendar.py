"""Appointments: invited to by mail, and cancelled (iCalendar RFC 5545, iTIP RFC 5546, iMIP RFC 6047).

An appointment keeps its UID, the first message of its thread: what comes later moves it (SEQUENCE counts up),
and a CANCEL takes it out of the calendar it went into. Mail carries it, and proves that it left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from typing import Any

from icalendar import Calendar, Event, vCalAddress

from opslayer.actions import mail
from opslayer.actions.channels.channel import Delivery, Effect
from opslayer.actions.channels.mail import MailChannel, correction
from opslayer.config import CalendarSettings

PRODUCT = "-//opslayer//appointments//EN"


@dataclass(frozen=True)
class CalendarChannel(MailChannel):
    """Invitations by the firm's mail server. The rule shows `starts_at`, and may show `ends_at`, `place`."""

    calendar: CalendarSettings = field(kw_only=True)

    def send(self, effect: Effect, *, may_send: Callable[[], bool]) -> Delivery:
        try:
            starts, ends = self._span(effect.content)
        except (KeyError, TypeError, ValueError):
            return Delivery("refused", "the rule shows no starts_at, a moment or a day, before ends_at")
        sender = effect.content.get("sender") or self.settings.sender
        message = mail.compose(
            effect.content,
            sender=sender,
            message_id=effect.message_id,
            moment=effect.moment,
            thread=effect.thread,
            calendar=appointment(effect, sender, starts, ends),
        )
        return mail.deliver(self.settings, message, may_send=may_send)

    def compensate(self, sent: Effect, *, reason: str) -> dict[str, Any]:
        """The appointment is taken out of the reader's calendar, and a letter says why."""
        self._span(sent.content)
        letter = correction(self.firm, sent, reason)
        return letter | {"channel": self.name, "event": "cancel", "data": sent.content["data"]}

    def _span(self, content: dict[str, Any]) -> tuple[date, date]:
        """From when until when: moments with their zone, or days. Raises KeyError, TypeError, ValueError."""
        data = content["data"]
        starts = self._moment(data["starts_at"])
        lasting = (
            timedelta(minutes=self.calendar.minutes) if isinstance(starts, datetime) else timedelta(days=1)
        )
        ends = self._moment(data["ends_at"]) if data.get("ends_at") else starts + lasting
        if isinstance(starts, datetime) != isinstance(ends, datetime) or ends <= starts:
            raise ValueError("an appointment ends after it starts")
        return starts, ends

    def _moment(self, text: str) -> date:
        """A day alone is the whole of it; a time without its zone is the firm's."""
        if len(text) == len("2026-11-16"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.firm.zone)).astimezone(UTC)


def appointment(effect: Effect, sender: str, starts: date, ends: date) -> Calendar:
    """A REQUEST or CANCEL for one reader. The UID stays that of the thread's first message."""
    is_cancelled = effect.content.get("event") == "cancel"
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "REQUEST")
    event = Event()
    event.add("uid", (*effect.thread, effect.message_id)[0].strip("<>"))
    event.add("sequence", len(effect.thread))
    event.add("dtstamp", effect.moment)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", effect.content["subject"])
    event.add("description", effect.content["text"].strip())
    if effect.content["data"].get("place"):
        event.add("location", effect.content["data"]["place"])
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("organizer", vCalAddress(f"mailto:{parseaddr(sender)[1]}"))
    attendee = vCalAddress(f"mailto:{effect.content['recipient']}")
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "TRUE"
    event.add("attendee", attendee)
    calendar.add_component(event)
    return calendar
