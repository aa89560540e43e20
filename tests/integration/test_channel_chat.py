"""Chat and SMS by Apprise, to a real receiver: once and with a reference, never again by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from opslayer import actions
from opslayer.actions.channels import configured
from opslayer.actions.outbox import GRACE, LEASE
from opslayer.config import Firm
from opslayer.errors import ConfigurationError
from opslayer.store import Store, open_store
from tests.channels import approve_on, configure, die_at, dispatch_on, only, write_follow_up
from tests.receiver import Receiver, Reply, receiving
from tests.reminders import write_firm

LATER = (LEASE + GRACE) / timedelta(hours=1) + 0.1


@dataclass
class Room:
    firm: Firm
    store: Store
    receiver: Receiver

    def may_repeat(self) -> None:
        self.firm = configure(self.firm, kind='"apprise"', url='"env:ROOM"', may_repeat="true")


@pytest.fixture
def room(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    with receiving() as receiver, open_store(store_url) as store:
        monkeypatch.setenv("ROOM", f"json://localhost:{receiver.port}/?rto=0.3&cto=0.3")
        firm = configure(write_firm(tmp_path, store=store_url), kind='"apprise"', url='"env:ROOM"')
        write_follow_up(firm, "crm")
        approve_on(firm, store, 1)
        yield Room(firm, store, receiver)


def test_it_is_said_once_with_its_reference(room: Room) -> None:
    assert dispatch_on(room.firm, room.store, 1) == ["sent"]
    assert dispatch_on(room.firm, room.store, 1) == []
    ((_, body),) = room.receiver.posts
    said = json.loads(body)
    assert said["title"] == "Data for Acme: 60,000 EUR at risk"
    assert "80 of 100 hours are booked" in said["message"]
    assert said["message"].splitlines()[-1].startswith("Harrow & Vale, reference ")
    assert actions.verify(room.store).holds


@pytest.mark.parametrize(
    "reply", [Reply(late=1), Reply(500), Reply(302, {"Location": "http://127.0.0.1:1/"})]
)
@pytest.mark.parametrize("may_repeat", [False, True])
def test_whatever_is_not_a_yes(room: Room, reply: Reply, may_repeat: bool) -> None:
    if may_repeat:
        room.may_repeat()
    room.receiver.replies.append(reply)
    dispatch_on(room.firm, room.store, 1)
    assert only(room.store)[0] == ("approved" if may_repeat else "uncertain")
    dispatch_on(room.firm, room.store, 1, hours=1)
    assert only(room.store)[0] == ("sent" if may_repeat else "uncertain")
    assert len(room.receiver.posts) == (2 if may_repeat else 1)


def test_killed_after_it_was_said(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    die_at(monkeypatch, "after", lambda: dispatch_on(room.firm, room.store, 1))
    dispatch_on(room.firm, room.store, 1, hours=LATER)
    assert only(room.store)[0] == "uncertain"
    assert len(room.receiver.posts) == 1


def test_check_says_nothing_and_knows_the_service(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "JSON" in configured.open_channel(room.firm, "crm").check()
    assert room.receiver.posts == []
    monkeypatch.setenv("ROOM", "nothing://secret-token")
    with pytest.raises(ConfigurationError) as caught:
        configured.open_channel(room.firm, "crm")
    assert "secret-token" not in str(caught.value)
