"""Appointments by mail, as a calendar reads them: one UID, counted up when they move, taken out again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icalendar import Calendar

from opslayer.actions.channels import configured
from opslayer.actions.channels.channel import Effect
from opslayer.config import Firm
from opslayer.store import open_store
from tests.channels import approve_on, configure, dispatch_on, only, write_follow_up
from tests.reminders import MOMENT, received, serving, write_firm


def events(mail: Path) -> list[tuple[str, Any, Any]]:
    """Method, the calendar's event and the mail, in the order in which they were sent."""
    found = []
    for message in sorted(received(mail, "ada@harrow.example"), key=lambda one: one["Date"].datetime):
        (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
        calendar = Calendar.from_ical(part.get_content())
        assert part.get_param("method") == calendar["method"]
        found.append((str(calendar["method"]), calendar.events[0], message))
    return found


def test_an_invitation_moves_and_is_cancelled(tmp_path: Path, store_url: str) -> None:
    mail = tmp_path / "mail"
    with serving(mail) as server, open_store(store_url) as store:
        firm = configure(write_firm(tmp_path / "firm", store=store_url, port=server.port), kind='"calendar"')
        write_follow_up(firm, "crm", "starts_at", "place")
        for day in (1, 7):
            approve_on(firm, store, day)
            assert dispatch_on(firm, store, day) == ["sent"]
        (first, begun, letter), (second, moved, _) = events(mail)
        assert (first, second) == ("REQUEST", "REQUEST")
        assert begun["uid"] == moved["uid"] == str(letter["Message-ID"]).strip("<>")
        assert (begun["sequence"], moved["sequence"]) == (0, 1)
        assert begun.start == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
        assert begun.end == datetime(2026, 12, 1, 10, 30, tzinfo=UTC)
        assert begun["location"] == "Room 4"
        assert begun["attendee"] == "mailto:ada@harrow.example"
        assert letter.get_body(("plain",)) is not None

        undo = undone(firm, str(letter["Message-ID"]))
        channel = configured.open_channel(firm, "crm")
        assert channel.send(undo, may_send=lambda: True).outcome == "accepted"
        (method, cancelled, _) = events(mail)[-1]
        assert (method, cancelled["uid"], cancelled["sequence"]) == ("CANCEL", begun["uid"], 2)
        assert cancelled["status"] == "CANCELLED"


def undone(firm: Firm, first: str) -> Effect:
    """What undoes an appointment that had moved once."""
    data = {"starts_at": "2026-12-01T09:30:00+00:00"}
    content = {
        "channel": "crm",
        "recipient": "ada@harrow.example",
        "subject": "Review",
        "text": "x",
        "data": data,
    }
    sent = Effect("k", "<two@harrow.example>", content, MOMENT, (first,))
    made = configured.open_channel(firm, "crm").compensate(sent, reason="She is ill.")
    return Effect(
        "u", "<three@harrow.example>", made, datetime(2026, 11, 25, tzinfo=UTC), (first, sent.message_id)
    )


def test_without_a_time_there_is_no_appointment(tmp_path: Path, store_url: str) -> None:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = configure(write_firm(tmp_path / "firm", store=store_url, port=server.port), kind='"calendar"')
        write_follow_up(firm, "crm")
        approve_on(firm, store, 1)
        assert dispatch_on(firm, store, 1) == ["failed"]
        assert "shows no starts_at" in only(store)[1]
    assert received(tmp_path / "mail", "ada@harrow.example") == []
