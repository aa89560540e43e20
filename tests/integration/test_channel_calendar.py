"""Appointments by mail, as a calendar reads them: one UID, counted up when they move, taken out again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from opslayer import actions
from opslayer.store import open_store
from tests.channels import MAEVE, approve_on, configure, dispatch_on, only, write_follow_up
from tests.messages import days_later, snapshot
from tests.reminders import received, serving, write_firm


def events(mail: Path) -> list[tuple[str, Any, Any]]:
    """Method, the calendar's event and the mail, in the order in which they were sent."""
    found = []
    for message in sorted(received(mail, "ada@harrow.example"), key=lambda one: one["Date"].datetime):
        (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
        calendar = Calendar.from_ical(part.get_content())
        assert part.get_param("method") == calendar["method"]
        found.append((str(calendar["method"]), calendar.events[0], message))
    return found


@pytest.mark.parametrize("which", [0, 1])
def test_an_invitation_moves_and_is_cancelled(tmp_path: Path, store_url: str, which: int) -> None:
    """By undoing the invitation that moved it, or the one before: only a higher SEQUENCE is taken."""
    mail = tmp_path / "mail"
    with serving(mail) as server, open_store(store_url) as store:
        firm = configure(write_firm(tmp_path / "firm", store=store_url, port=server.port), kind='"calendar"')
        write_follow_up(firm, "crm", "starts_at", "place")
        for day in (1, 7):
            approve_on(firm, store, day)
            assert dispatch_on(firm, store, day) == ["sent"]
        (first, begun, letter), (second, moved, later) = events(mail)
        assert (first, second) == ("REQUEST", "REQUEST")
        assert begun["uid"] == moved["uid"] == str(letter["Message-ID"]).strip("<>")
        assert (begun["sequence"], moved["sequence"]) == (0, 1)
        assert begun.start == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
        assert begun.end == datetime(2026, 12, 1, 10, 30, tzinfo=UTC)
        assert begun["location"] == "Room 4"
        assert begun["attendee"] == "mailto:ada@harrow.example"
        assert letter.get_body(("plain",)) is not None

        undone = sorted(one.id or 0 for one in actions.list_proposals(store, "sent"))[which]
        as_of, moment = days_later(8)
        made = actions.undo(firm, store, undone, person=MAEVE, reason="She is ill.", moment=moment)
        assert dispatch_on(firm, store, 8) == []  # it waits for a yes of its own
        with snapshot(firm, as_of=as_of) as layer:
            actions.approve(firm, store, made.id or 0, person=MAEVE, reason="y", moment=moment, layer=layer)
        assert [dispatch_on(firm, store, 8) for _ in "ab"] == [["sent"], []]
        (method, cancelled, notice) = events(mail)[-1]
        assert len(events(mail)) == 3
        assert (method, cancelled["uid"]) == ("CANCEL", begun["uid"])
        assert cancelled["sequence"] > moved["sequence"]
        assert notice["In-Reply-To"] == (letter, later)[which]["Message-ID"]
        assert cancelled["status"] == "CANCELLED"
        body = notice.get_body(("plain",))
        assert body is not None
        assert "She is ill." in body.get_content()
        assert "compensated" in [e["what"] for e in actions.show_proposal(store, undone).events]


def test_without_a_time_there_is_no_appointment(tmp_path: Path, store_url: str) -> None:
    with serving(tmp_path / "mail") as server, open_store(store_url) as store:
        firm = configure(write_firm(tmp_path / "firm", store=store_url, port=server.port), kind='"calendar"')
        write_follow_up(firm, "crm")
        approve_on(firm, store, 1)
        assert dispatch_on(firm, store, 1) == ["failed"]
        assert "shows no starts_at" in only(store)[1]
    assert received(tmp_path / "mail", "ada@harrow.example") == []
